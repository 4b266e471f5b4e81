/** `npm run replay -- FILE`: feeds a dump of the flight recorder through the codecs, and prints what they make of it. */
import { readFileSync } from 'node:fs';
import { errorText } from '../domain/errors';
import { replay } from './replay';

function main(): number {
  const [file] = process.argv.slice(2);
  if (file === undefined) {
    process.stderr.write('usage: npm run replay -- FILE\n');
    return 2;
  }
  for (const line of replay(readFileSync(file, 'utf8'))) process.stdout.write(`${JSON.stringify(line)}\n`);
  return 0;
}

try {
  process.exitCode = main();
} catch (error) {
  process.stderr.write(`${errorText(error)}\n`);
  process.exitCode = 1;
}
