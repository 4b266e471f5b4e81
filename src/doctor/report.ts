import type { Result, Verdict } from './check';

const WORDS: readonly (readonly [Verdict, string])[] = [
  ['ok', 'ok'],
  ['warn', 'with a warning'],
  ['fail', 'failed'],
  ['skip', 'skipped'],
];

/** One check for a person: verdict, name, what was seen, and below it what to do. */
export function resultText({ verdict, name, saw, todo }: Result, nameWidth: number): string {
  const line = `${verdict.padEnd(4)}  ${name.padEnd(nameWidth)}  ${saw}`;
  return todo === undefined ? line : `${line}\n${' '.repeat(nameWidth + 8)}-> ${todo}`;
}

export function summaryText(results: readonly Result[]): string {
  const parts = WORDS.flatMap(([verdict, word]) => {
    const count = results.filter((result) => result.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return `${results.length} checks: ${parts.join(', ')}`;
}

/** For scripts: 0 everything that matters is well, 1 something is not. */
export function exitCodeOf(results: readonly Result[], isStrict: boolean): 0 | 1 {
  const isBad = ({ verdict }: Result): boolean => verdict === 'fail' || (isStrict && verdict === 'warn');
  return results.some(isBad) ? 1 : 0;
}
