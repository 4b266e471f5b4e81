/** Takes secrets out of what is logged: by the name of a field anywhere, and by their shape inside texts. */

const HIDDEN = '[redacted]';
const MAX_DEPTH = 8;
const MAX_ITEMS = 100;
const MAX_TEXT = 8_000;

/** Compared in lower case without `_` and `-`: apiKey, api_key, X-MBX-APIKEY. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'key',
  'apikey',
  'apisecret',
  'secret',
  'secretkey',
  'privatekey',
  'passphrase',
  'apipassphrase',
  'password',
  'pass',
  'pwd',
  'sign',
  'signature',
  'token',
  'accesstoken',
  'bearer',
  'jwt',
  'listenkey',
  'listentoken',
  'credentials',
  'authorization',
  'cookie',
]);
/** Header names of venues: X-BAPI-SIGN, OK-ACCESS-KEY, KC-API-PASSPHRASE, CB-ACCESS-SIGN. */
const SECRET_HEADER = /^(xmbx|xbapi|okaccess|access|kcapi|cbaccess)(apikey|key|sign|signature|passphrase)$/;

const WORDS =
  'api[-_]?key|api[-_]?secret|secret[-_]?key|private[-_]?key|secret|passphrase|password|signature|sign|(?:access[-_]?)?token|jwt|listen[-_]?key|listen[-_]?token';
const IN_URL_AUTHORITY = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/?#"']*@/gi;
const IN_QUERY = new RegExp(`(^|[?&;,\\s"'])((?:${WORDS})=)[^&\\s"',;)]+`, 'gi');
const IN_JSON = new RegExp(`("(?:${WORDS}|key)\\\\*"\\s*:\\s*\\\\*")(?:[^"\\\\]|\\\\.)*`, 'gi');
const AFTER_COLON = new RegExp(`\\b((?:${WORDS}|authorization)\\s*:\\s*)(?:bearer\\s+)?[^\\s"',;}{]+`, 'gi');
const BEARER = /\b(bearer\s+)[\w.~+/=-]{8,}/gi;
const PEM = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g;
/** Binance takes its listen key as the path of the socket. */
const LISTEN_KEY_PATH = /(\/ws\/)[A-Za-z0-9]{32,}/g;

export function scrubText(text: string): string {
  const short = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}… (${text.length} characters)` : text;
  return short
    .replace(PEM, HIDDEN)
    .replace(IN_URL_AUTHORITY, `$1${HIDDEN}@`)
    .replace(IN_QUERY, `$1$2${HIDDEN}`)
    .replace(IN_JSON, `$1${HIDDEN}`)
    .replace(AFTER_COLON, `$1${HIDDEN}`)
    .replace(BEARER, `$1${HIDDEN}`)
    .replace(LISTEN_KEY_PATH, `$1${HIDDEN}`);
}

export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[-_]/g, '');
  return SECRET_NAMES.has(plain) || SECRET_HEADER.test(plain);
}

/** A copy as plain JSON data: no secrets, no cycles, bounded in depth and size. Errors become their description. */
export function scrub(value: unknown, depth = 0): unknown {
  switch (typeof value) {
    case 'string':
      return scrubText(value);
    case 'bigint':
      return value.toString();
    case 'function':
    case 'symbol':
      return `[${typeof value}]`;
    case 'object':
      return value === null ? null : scrubObject(value, depth);
    default:
      return value;
  }
}

function scrubObject(value: object, depth: number): unknown {
  if (depth >= MAX_DEPTH) return '[deep]';
  if (value instanceof Error) return describeError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map)
    return scrubFields(
      [...value].map(([name, one]) => [String(name), one]),
      depth,
    );
  if (Array.isArray(value) || value instanceof Set) return scrubItems([...value], depth);
  return scrubFields(Object.entries(value), depth);
}

function scrubItems(items: readonly unknown[], depth: number): unknown[] {
  const shown = items.slice(0, MAX_ITEMS).map((one) => scrub(one, depth + 1));
  return items.length > MAX_ITEMS ? [...shown, `… ${items.length} items`] : shown;
}

function scrubFields(
  fields: readonly (readonly [string, unknown])[],
  depth: number,
): Record<string, unknown> {
  return Object.fromEntries(fields.slice(0, MAX_ITEMS).map(([name, one]) => [name, field(name, one, depth)]));
}

function field(name: string, value: unknown, depth: number): unknown {
  // That there is none is worth knowing, and no secret.
  if (isSecretName(name) && value !== undefined && value !== null && value !== '') return HIDDEN;
  return scrub(value, depth + 1);
}

/** Only what we know to be harmless: errors of HTTP clients carry the whole signed request. */
function describeError(error: Error, depth: number): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined;
  return {
    name: error.name,
    ...((typeof code === 'string' || typeof code === 'number') && { code }),
    message: scrubText(error.message),
    ...(error.stack !== undefined && { stack: scrubText(error.stack) }),
    ...(error.cause !== undefined && { cause: causeOf(error.cause, depth) }),
    ...(error instanceof AggregateError && { errors: scrubItems(error.errors.slice(0, 5), depth) }),
  };
}

/** A cause that is no error may be anything, an HTTP answer included. */
function causeOf(cause: unknown, depth: number): unknown {
  if (cause instanceof Error) return scrub(cause, depth + 1);
  return typeof cause === 'string' ? scrubText(cause) : `[${typeof cause}]`;
}
