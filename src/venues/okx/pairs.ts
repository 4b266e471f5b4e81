import type { MarketKind } from '../../domain/exchange';

const SWAP = '-SWAP';
const X_PERP = '_UM_XPERP';
/** Dated futures (`BTC-USD-260327`) keep their date: without it they would pass as `BTC-USD`. */
const X_PERP_DATE = /_UM_XPERP-\d{6,}$/;

/** Backend pair of a venue id: `BTC-USDT-SWAP` -> `BTC-USDT`, `BTC-USD_UM_XPERP-310404` -> `BTC-USD_UM_XPERP`. */
export function pairOf(instId: string): string {
  if (instId.endsWith(SWAP)) return instId.slice(0, -SWAP.length);
  return X_PERP_DATE.test(instId) ? instId.slice(0, instId.lastIndexOf('-')) : instId;
}

export function swapOf(pair: string): string {
  return pair + SWAP;
}

export function isXPerp(pair: string): boolean {
  return pair.endsWith(X_PERP);
}

/** `BTC-USD` is coin-margined; `BTC-USD_UM`, `BTC-USDC`, ... are linear. */
export function swapKindOf(pair: string): MarketKind {
  return pair.endsWith('-USD') ? 'inverse' : 'linear';
}

/** Base and quote of a contract's pair, empty where it is none: `BTC-USD_UM` -> `BTC`, `USD`. */
export function splitPair(pair: string): readonly [base: string, quote: string] {
  const [base = '', quoted = ''] = pair.split('-', 2);
  return [base, quoted.split('_', 1)[0] ?? ''];
}
