// A browser for the tests of the status page: CHROMIUM_PATH names one, else Debian's package is found or installed.
import { findPrograms, install, PACKAGES } from './programs.mjs';
import { startGuard } from './guard.mjs';

const VARIABLE = 'CHROMIUM_PATH';

const HELP = [
  `The tests of the status page need ${PACKAGES.browser}, which could not be found or installed here. Any one of these helps:`,
  `  Debian:  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${PACKAGES.browser}`,
  `  any Chromium or Chrome elsewhere: set ${VARIABLE} to the path of its program`,
  '  all other tests: node scripts/test.mjs <files or folders>',
].join('\n');

/**
 * Provides a browser.
 * @returns {Promise<Record<string, string>>} the variables that lead to it
 * @throws when there is none and it cannot be installed; the message says what to do.
 */
export async function provideBrowser() {
  const given = process.env[VARIABLE];
  if (given) return { [VARIABLE]: given };
  if (findPrograms('browser') === undefined) await installBrowser();
  const found = findPrograms('browser');
  if (found === undefined) throw new Error(HELP);
  return { [VARIABLE]: found.browser };
}

async function installBrowser() {
  const guard = startGuard();
  try {
    await install(['browser'], guard);
  } finally {
    await guard.release();
  }
}
