/**
 * Exact arithmetic on amounts (plain decimal texts of bounded length), on integers instead of a decimal
 * library: it runs twice per ticker.
 */

/** Product of two amounts, exact and without trailing zeros. */
export function product(a: string, b: string): string {
  return spelled(digitsOf(a) * digitsOf(b), decimalsOf(a) + decimalsOf(b));
}

/**
 * What a price was before it changed by `percent`, rounded half up to `decimals`. Undefined where that
 * is no positive number.
 * @param percent signed, `-1.5` for one and a half percent down
 */
export function priceBefore(price: string, percent: string, decimals: number): string | undefined {
  const scale = 10n ** BigInt(decimalsOf(percent));
  const divisor = 100n * scale + digitsOf(percent);
  if (divisor <= 0n) return undefined;
  const fine = 10n ** BigInt(Math.max(0, decimals - decimalsOf(price)));
  const coarse = 10n ** BigInt(Math.max(0, decimalsOf(price) - decimals));
  const dividend = digitsOf(price) * 100n * scale * fine;
  const rounded = (2n * dividend + divisor * coarse) / (2n * divisor * coarse);
  return rounded > 0n ? spelled(rounded, decimals) : undefined;
}

export function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

/** `-1.50` -> -150n */
function digitsOf(text: string): bigint {
  return BigInt(text.replace('.', ''));
}

function spelled(units: bigint, decimals: number): string {
  const digits = units.toString();
  if (decimals === 0) return digits;
  const padded = digits.padStart(decimals + 1, '0');
  const point = padded.length - decimals;
  let end = padded.length;
  while (end > point && padded[end - 1] === '0') end -= 1;
  return end === point ? padded.slice(0, point) : `${padded.slice(0, point)}.${padded.slice(point, end)}`;
}
