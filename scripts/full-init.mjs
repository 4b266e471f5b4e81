// `npm run fullInit` / `yarn fullInit`: everything that can be made again is removed and made again.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const isYarn = (process.env.npm_config_user_agent ?? '').startsWith('yarn/');

function installArguments() {
  // The build needs the development packages, whatever NODE_ENV says.
  if (!isYarn) return [existsSync('package-lock.json') ? 'ci' : 'install', '--include=dev'];
  // Without a yarn.lock of ours, yarn must not leave one that competes with package-lock.json.
  return ['install', '--production=false', existsSync('yarn.lock') ? '--frozen-lockfile' : '--no-lockfile'];
}

function run(commandArguments) {
  // The package manager that called us, not another one of the same name on the PATH.
  const caller = process.env.npm_execpath;
  const [program, prefix] = caller?.endsWith('js') ? [process.execPath, [caller]] : [caller ?? 'npm', []];
  console.log(`fullInit: ${isYarn ? 'yarn' : 'npm'} ${commandArguments.join(' ')}`);
  const { status, error } = spawnSync(program, [...prefix, ...commandArguments], { stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

for (const folder of ['node_modules', 'dist']) rmSync(folder, { recursive: true, force: true });
run(installArguments());
run(['run', 'build']);
