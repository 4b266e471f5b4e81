// `npm run build`: compiles to dist, and puts the files of the status page beside, which need no compiler. Further
// arguments are for tsc: `npm run build -- --noEmit`, `yarn build --watch`.
import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const PAGE = 'ops/page/client';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const given = process.argv.slice(2);
if (!given.includes('--noEmit')) cpSync(`src/${PAGE}`, `dist/${PAGE}`, { recursive: true });

const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const { status, error } = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.json', ...given], {
  stdio: 'inherit',
});
if (error) throw error;
process.exitCode = status ?? 1;
