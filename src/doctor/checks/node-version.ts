import type { Check } from '../check';
import { fail, ok } from '../check';

/** As `engines` of package.json has it. */
const LEAST = [20, 11] as const;

export function nodeVersion(version = process.version): Check {
  return {
    name: 'node',
    run: () => {
      const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
      const [leastMajor, leastMinor] = LEAST;
      const isEnough = major > leastMajor || (major === leastMajor && minor >= leastMinor);
      const finding = isEnough
        ? ok(version)
        : fail(`${version}, the least is ${LEAST.join('.')}`, 'install a maintained Node.js release');
      return Promise.resolve(finding);
    },
  };
}
