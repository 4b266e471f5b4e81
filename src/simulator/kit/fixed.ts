/** `fixedText(3823129n, 2, 8)` = `38231.29000000`: units of 10^-scale, spelled with `digits` decimals. */
export function fixedText(units: number | bigint, scale: number, digits: number = scale): string {
  const isNegative = units < 0;
  const plain = String(isNegative ? -units : units).padStart(scale + 1, '0');
  const whole = plain.slice(0, plain.length - scale);
  const fraction = plain
    .slice(plain.length - scale)
    .padEnd(digits, '0')
    .slice(0, digits);
  return `${isNegative ? '-' : ''}${whole}${digits > 0 ? `.${fraction}` : ''}`;
}

/** The reverse: whole units of 10^-scale in a plain decimal text; further digits are cut off. */
export function fixedUnits(text: string, scale: number): number {
  const [whole = '0', fraction = ''] = text.split('.');
  return Number(`${whole}${fraction.padEnd(scale, '0').slice(0, scale)}`);
}
