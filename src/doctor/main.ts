/** `npm run doctor`: composition root. */
import { loadConfig, readEnvironment } from '../config';
import { errorText } from '../domain/errors';
import { systemClock } from '../ops/clock';
import type { DoctorOptions } from './arguments';
import { doctorOptions, USAGE } from './arguments';
import { allChecks } from './checks';
import type { Loaded } from './checks/configuration';
import { exitCodeOf, resultText, summaryText } from './report';
import { runChecks } from './run-checks';

const WRONG_USAGE = 2;

async function main(): Promise<number> {
  const options = readOptions();
  if (typeof options === 'string') return usage(options);
  if (options.isHelp) return say(USAGE, 0);
  const { only } = options;
  const every = allChecks(loaded(), systemClock);
  const wanted = every.filter(({ name }) => only.length === 0 || only.some((word) => name.startsWith(word)));
  if (wanted.length === 0) return usage(`--only ${only.join(',')}: there is no such check`);
  const width = Math.max(...wanted.map(({ name }) => name.length));
  const results = await runChecks(wanted, systemClock, (result) => {
    if (!options.isJson) say(resultText(result, width));
  });
  const exitCode = exitCodeOf(results, options.isStrict);
  const summary = options.isJson
    ? JSON.stringify({ isWell: exitCode === 0, checks: results }, null, 2)
    : `\n${summaryText(results)}`;
  return say(summary, exitCode);
}

/** Options, or what is wrong with them. */
function readOptions(): DoctorOptions | string {
  try {
    return doctorOptions(process.argv.slice(2));
  } catch (error) {
    return errorText(error);
  }
}

function loaded(): Loaded {
  try {
    return { config: loadConfig(readEnvironment()) };
  } catch (error) {
    return { error };
  }
}

function usage(problem: string): number {
  process.stderr.write(`${problem}\n\n${USAGE}\n`);
  return WRONG_USAGE;
}

function say(text: string, code = 0): number {
  process.stdout.write(`${text}\n`);
  return code;
}

// Whoever reads us has gone (`| head`): there is nobody to tell.
process.stdout.once('error', () => process.exit(1));

main().then(
  // Checks that ran out of time may still hold sockets.
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${errorText(error)}\n`);
    process.exit(1);
  },
);
