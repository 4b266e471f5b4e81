// Installs the git hooks where a developer works: in a git checkout with the development packages. Everywhere else
// (production install, container build, CI) it has nothing to do, and must not fail the install.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const isCi = ['true', '1'].includes(process.env.CI ?? '');
if (!isCi && existsSync('.git') && existsSync('node_modules/husky/package.json')) {
  const { default: installHooks } = await import('husky');
  const problem = installHooks();
  if (problem) console.error(`prepare: git hooks not installed: ${problem}`);
}
