/** Venues that PRICE_CONNECTOR_EXCHANGES may name. */
export const PRICE_VENUES = ['binance', 'binanceus', 'bybit', 'okx', 'kucoin', 'bitget', 'coinbase'] as const;
export type PriceVenue = (typeof PRICE_VENUES)[number];

/** Other products of the same backend stream these; lists are shared between them. */
const SERVED_ELSEWHERE = ['kraken', 'hyperliquid'];

export interface ExchangeList {
  /** Empty: all. */
  readonly venues: readonly PriceVenue[];
  readonly ignored: readonly string[];
}

export function parseExchanges(value: string): ExchangeList {
  const tokens = [...new Set(words(value.toLowerCase()))];
  const venues = PRICE_VENUES.filter((venue) => tokens.includes(venue));
  const ignored = tokens.filter((token) => SERVED_ELSEWHERE.includes(token));
  const unknown = tokens.filter((token) => !isVenue(token) && !SERVED_ELSEWHERE.includes(token));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`);
  // An empty list would mean all of them.
  if (tokens.length > 0 && venues.length === 0) throw new Error('it names no venue that is served here');
  return { venues, ignored };
}

/** Modules whose debug lines are wanted; `['*']`: all. */
export function parseDebug(value: string): readonly string[] {
  const modules = words(value);
  return modules.includes('*') ? ['*'] : modules;
}

/** The paper service speaks WebSocket only, whatever scheme it is named by. */
export function parsePaperUrl(value: string): string {
  const url = webUrl(value.includes('://') ? value : `ws://${value}`, ['ws:', 'wss:', 'http:', 'https:']);
  const scheme = url.protocol === 'https:' || url.protocol === 'wss:' ? 'wss:' : 'ws:';
  return base(scheme, url);
}

export function parseServiceUrl(value: string): string {
  if (value === '') return '';
  const url = webUrl(value, ['http:', 'https:']);
  return base(url.protocol, url);
}

function webUrl(value: string, schemes: readonly string[]): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !schemes.includes(url.protocol)) throw new Error('it is no such URL');
  if (url.username !== '' || url.password !== '') throw new Error('credentials have no meaning here');
  return url;
}

function base(scheme: string, { host, pathname }: URL): string {
  return `${scheme}//${host}${pathname.replace(/\/+$/, '')}`;
}

function words(value: string): readonly string[] {
  return value
    .split(/[\s,]+/)
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function isVenue(token: string): token is PriceVenue {
  return (PRICE_VENUES as readonly string[]).includes(token);
}
