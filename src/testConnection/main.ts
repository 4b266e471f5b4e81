/** `npm run test:connection`: composition root. */
import type { Config } from '../config';
import { loadConfig, readEnvironment } from '../config';
import { errorText } from '../domain/errors';
import { systemClock } from '../ops/clock';
import { createLog } from '../ops/logger';
import { environmentOf } from '../userStream/commands';
import type { KnownMarket } from '../venues/registry';
import { accountMarkets } from '../venues/registry';
import type { TestOptions } from './arguments';
import { testOptions, USAGE } from './arguments';
import type { Login } from './credentials';
import { loginFrom, terminalPrompt } from './credentials';
import { jsonLines, keyName, textLines } from './lines';
import { testConnection } from './test-connection';
import { VERDICTS } from './verdict';

const WRONG_USAGE = 2;
/** As long as a timer can be. */
const FOR_EVER_MS = 2 ** 31 - 1;
/** Of the environment only what concerns the venues: doors and services are not needed. */
const VENUE_VARIABLES = ['VENUE_ENDPOINTS', 'ENVOKX', 'BITGETENV', 'PAPER_WS'] as const;

async function main(): Promise<number> {
  const options = testOptions(process.argv.slice(2));
  if (options.isHelp) {
    say(USAGE);
    return 0;
  }
  const env = readEnvironment();
  const config = configFrom(env);
  const known = accountMarkets(config.paperUrl)(options.exchange);
  if (!known) throw new Error(`--exchange ${options.exchange}: no such exchange`);
  return run(options, config, known, await loginFrom(env, terminalPrompt()));
}

async function run(options: TestOptions, config: Config, known: KnownMarket, login: Login): Promise<number> {
  const { exchange, seconds, okxSource, bybitHost, keysType } = options;
  const environment = environmentOf(options, known.adapter.descriptor.venue, config.sandboxVenues);
  const lines = options.isJson ? jsonLines : textLines;
  say(lines.note(`${exchange} (${environment}), key ${keyName(login.key)}`));
  const verdict = await testConnection(
    {
      api: {
        ...login,
        provider: exchange,
        environment,
        okxSource: okxSource ?? null,
        bybitHost: bybitHost ?? null,
        keysType: keysType ?? null,
      },
      listenMs: Math.min(FOR_EVER_MS, seconds * 1_000),
      stopped: interrupted(),
    },
    {
      config,
      clock: systemClock,
      random: Math.random,
      log: createLog({
        level: options.isVerbose ? 'debug' : 'silent',
        debug: [],
        pretty: true,
        stream: process.stderr,
      }),
      known,
      onNote: (note) => say(lines.note(note)),
      onEvent: (event) => say(lines.event(event)),
    },
  );
  say(lines.verdict(verdict));
  return VERDICTS[verdict.verdict].exitCode;
}

function configFrom(env: NodeJS.ProcessEnv): Config {
  const wanted = VENUE_VARIABLES.map((name) => [name, env[name]] as const);
  return loadConfig({
    ...Object.fromEntries(wanted),
    RABBIT_PASSWORD: 'unused: there is no broker',
    EXCHANGE_SERVICE_API_URL: '',
  });
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

// Whoever reads us has gone (`| head`): there is nobody to tell.
process.stdout.once('error', () => process.exit(1));

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${errorText(error)}\n--help shows the options\n`);
    process.exit(WRONG_USAGE);
  },
);
