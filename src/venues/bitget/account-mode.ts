import type { MarketKind } from '../../domain/exchange';

/**
 * The two APIs refuse each other's accounts: `classic` is served by V2, `unified` (the only kind that
 * new users get) by V3. Which one a key opens is asked, never guessed; an account may be upgraded.
 */
export type Generation = 'classic' | 'unified';

/**
 * Of a sandbox account. Bitget has two demos that know nothing of each other: keys of the demo
 * environment (own stream host, REST header `paptrading`, ordinary products), and ordinary keys on the
 * demo products of the live environment (`SUSDT-FUTURES`; no spot).
 * https://www.bitget.com/api-doc/common/demotrading/restapi
 */
export type Demo = 'environment' | 'products';

export interface AccountMode {
  readonly generation: Generation;
  readonly demo?: Demo;
}

const LIVE_HOST = 'wss://ws.bitget.com';
const DEMO_HOST = 'wss://wspap.bitget.com';

const LINES: Readonly<Record<MarketKind, readonly string[]>> = {
  spot: ['SPOT'],
  linear: ['USDT-FUTURES', 'USDC-FUTURES'],
  inverse: ['COIN-FUTURES'],
};
/** `SUSDT-FUTURES`, `SUSDC-FUTURES`, `SCOIN-FUTURES`. */
const DEMO_PREFIX = 'S';

/** The private stream, production URL. */
export function streamUrl({ generation, demo }: AccountMode): string {
  const host = demo === 'environment' ? DEMO_HOST : LIVE_HOST;
  return `${host}/${generation === 'unified' ? 'v3' : 'v2'}/ws/private`;
}

/** Product lines (`instType`, `productType`, `category`) that make up a market. */
export function linesOf(kind: MarketKind): readonly string[] {
  return LINES[kind];
}

/** A product line as the account has it. */
export function lineAt(line: string, { demo }: AccountMode): string {
  return demo === 'products' ? DEMO_PREFIX + line : line;
}

/**
 * The line of the market that a frame or row speaks of, the demo's included; undefined where it is of another
 * market. The unified API writes lines in small letters on its stream and in capitals on REST.
 */
export function ownLine(line: unknown, kind: MarketKind): string | undefined {
  if (typeof line !== 'string') return undefined;
  const name = line.toUpperCase();
  return LINES[kind].find((one) => one === name || (one !== 'SPOT' && DEMO_PREFIX + one === name));
}
