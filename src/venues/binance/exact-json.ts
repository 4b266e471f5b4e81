/** A JSON text, or a whole number of 16 digits or more outside of one. */
const TEXT_OR_LONG_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<![\w.+-])-?\d{16,}(?![\w.+-])/g;
const LONG_DIGITS = /\d{16}/;
const QUOTE = '"';

/**
 * Parses JSON without rounding: whole numbers beyond 2^53 become text with all digits (order ids such
 * as 8389765739703625592). `undefined` for what is no JSON: told apart from every JSON value.
 */
export function parseExact(text: string): unknown {
  try {
    return JSON.parse(
      LONG_DIGITS.test(text) ? text.replace(TEXT_OR_LONG_NUMBER, quoteLong) : text,
    ) as unknown;
  } catch {
    return undefined; // the caller answers for it: a frame becomes `unknown`, a REST answer an error
  }
}

function quoteLong(match: string): string {
  if (match.startsWith(QUOTE) || Number.isSafeInteger(Number(match))) return match;
  return `${QUOTE}${match}${QUOTE}`;
}
