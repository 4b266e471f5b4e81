/** Everything that would go to `from` goes to `to` instead. */
export interface EndpointOverride {
  /** Origin of a venue's production endpoint, without default port: `wss://stream.binance.com:9443`. */
  readonly from: string;
  /** Base URL without trailing slash; path and query of the original are appended. */
  readonly to: string;
}

const FAMILY: Readonly<Record<string, 'socket' | 'request'>> = {
  'ws:': 'socket',
  'wss:': 'socket',
  'http:': 'request',
  'https:': 'request',
};

/** Reads VENUE_ENDPOINTS: `origin=base` entries, separated by commas or whitespace. */
export function parseEndpoints(value: string): readonly EndpointOverride[] {
  const overrides = value
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map((entry, index) => parseEntry(entry, `entry ${index + 1}`));
  const origins = overrides.map(({ from }) => from);
  const twice = origins.find((origin, index) => origins.indexOf(origin) !== index);
  if (twice !== undefined) throw new Error(`${twice} is given twice`);
  return overrides;
}

/** Applies the overrides to a production URL; other URLs, and what is no URL, pass unchanged. */
export function rewriter(overrides: readonly EndpointOverride[]): (url: string) => string {
  const targets = new Map(overrides.map(({ from, to }) => [from, to]));
  return (url) => {
    const target = targets.size > 0 && URL.canParse(url) ? targets.get(originOf(new URL(url))) : undefined;
    // The text behind the authority is kept as it was written: signatures may depend on it.
    return target === undefined ? url : target + url.replace(/^[^:]+:\/\/[^/?#]*/, '');
  };
}

function parseEntry(entry: string, where: string): EndpointOverride {
  const split = entry.indexOf('=');
  if (split < 0) throw new Error(`${where} has no "="`);
  const from = endpoint(entry.slice(0, split), `${where}, left side`);
  const to = endpoint(entry.slice(split + 1), `${where}, right side`);
  if (from.pathname !== '/' || from.search !== '' || from.hash !== '') {
    throw new Error(`${where}: the left side is an origin, without path`);
  }
  if (to.search !== '' || to.hash !== '') throw new Error(`${where}: the right side has no query`);
  if (FAMILY[from.protocol] !== FAMILY[to.protocol]) {
    throw new Error(`${where}: ws(s) is replaced by ws(s), http(s) by http(s)`);
  }
  return { from: originOf(from), to: originOf(to) + to.pathname.replace(/\/+$/, '') };
}

function endpoint(text: string, where: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || FAMILY[url.protocol] === undefined) throw new Error(`${where} is no ws(s) or http(s) URL`);
  if (url.username !== '' || url.password !== '') throw new Error(`${where} contains credentials`);
  return url;
}

/** `host` leaves out the default port of ws, wss, http and https. */
function originOf({ protocol, host }: URL): string {
  return `${protocol}//${host}`;
}
