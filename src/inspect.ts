/**
 * `npm run inspect -- <room>`: asks the running process why a stream told nothing, and prints the answer.
 * Without a room: what is open. It reads the environment of the process (HEALTH_PORT, STATUS_TOKEN).
 */
import { parseArgs } from 'node:util';
import { loadConfig, readEnvironment } from './config';
import { inspect } from './ops/page/inspect';

const USAGE = `npm run inspect -- [--url http://host:port] [room]`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { url: { type: 'string' }, help: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  if (values.help || positionals.length > 1) {
    process.stderr.write(`${USAGE}\n`);
    return values.help ? 0 : 2;
  }
  const { health, status } = loadConfig(readEnvironment());
  const { text, isWell } = await inspect({
    url: values.url ?? urlOf(health),
    token: status.token,
    room: positionals[0],
  });
  process.stdout.write(`${text}\n`);
  return isWell ? 0 : 1;
}

/** Where the process listens on every address, this machine's own is the nearest. */
function urlOf({ host, port }: { readonly host: string; readonly port: number }): string {
  const reachable =
    { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[host] ?? (host.includes(':') ? `[${host}]` : host);
  return `http://${reachable}:${port}`;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : 'failed'}\n`);
    process.exitCode = 1;
  },
);
