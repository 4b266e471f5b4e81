import { parseEndpoints } from './endpoints';
import { parseDebug, parseExchanges } from './parsers';
import type { Variable } from './variable';
import { choice, flag, number, parsed, secret, text } from './variable';

const DAY_MS = 86_400_000;
/** The longest delay that a timer of Node takes. */
const MAX_TIMER_MS = 2_147_483_647;

/** What is streamed, how it is delivered, and how the process behaves. */
export const STREAM_SECTIONS = {
  'Market data': {
    PRICEROLE: choice({
      meaning: 'What `yarn price` streams',
      of: ['all', 'candle', 'ticker'],
      fallback: 'all',
    }),
    PRICE_CONNECTOR_EXCHANGES: parsed(
      {
        meaning:
          "Venues to stream, comma list of binance, binanceus, bybit, okx, kucoin, bitget, coinbase; without effect once the operator's list is set",
        fallbackNote: 'all',
        shape: 'a comma list of binance, binanceus, bybit, okx, kucoin, bitget, coinbase',
        example: 'binance,bybit',
      },
      parseExchanges,
    ),
    CANDLE_MODE: choice({
      meaning:
        'Candles on Redis: every frame (`live`), closed ones only (`closed`), or as each venue always did (`auto`)',
      of: ['auto', 'closed', 'live'],
      fallback: 'auto',
    }),
    TICKER_BOOK: choice({
      meaning: "Bid and ask of Redis tickers: the last price (`last`) or the venue's best prices (`book`)",
      of: ['last', 'book'],
      fallback: 'last',
    }),
    TICKER_BATCH_MS: number({
      from: 10,
      to: 60_000,
      unit: 'ms',
      meaning: 'Period of the ticker batches on RabbitMQ',
      fallback: 100,
    }),
    TICKER_CACHE_MS: number({
      from: 100,
      to: 600_000,
      unit: 'ms',
      meaning: 'Period of writing last tickers to Redis',
      fallback: 1_000,
    }),
    TRADESTIMEOUT: number({
      from: 0,
      to: DAY_MS,
      unit: 'ms',
      meaning:
        'Silence of market data that is reported as a stall; 0 = 75000 where PRICEROLE is candle, else 50000',
      fallback: 0,
    }),
    INSTRUMENT_REFRESH_MS: number({
      from: 10_000,
      to: DAY_MS,
      unit: 'ms',
      meaning: 'Period of reading the symbol lists again',
      fallback: 300_000,
    }),
    COINBASE_API_KEY: secret({
      meaning:
        'Accepted for compatibility and not needed: public data of Coinbase, its product list included, asks for no key',
      example: 'organizations/…/apiKeys/…',
    }),
    COINBASE_API_SECRET: secret({
      meaning: 'Accepted for compatibility and not needed, as its key',
      example: '-----BEGIN EC PRIVATE KEY-----\\n…',
    }),
  },
  Venues: {
    ENVOKX: choice({
      meaning:
        'OKX accounts whose open request names no `environment`: real or demo trading. Market data is always that of the real servers',
      of: ['live', 'sandbox'],
      fallback: 'live',
      example: 'sandbox',
    }),
    BITGETENV: choice({
      meaning:
        'The same of Bitget: real accounts, or demo ones (demo environment or demo products, by the key)',
      of: ['live', 'demo'],
      fallback: 'live',
      example: 'demo',
    }),
    VENUE_ENDPOINTS: parsed(
      {
        meaning:
          'Other servers in place of production ones (simulator, proxy, test net): list of `origin=base URL`, separated by commas or blanks',
        shape: 'a list of origin=base URL',
        example: 'wss://stream.binance.com:9443=ws://127.0.0.1:9100/stream.binance.com',
      },
      parseEndpoints,
    ),
  },
  'User streams': {
    USER_STREAM_FLAP_WINDOW_MS: number({
      from: 1_000,
      to: DAY_MS,
      unit: 'ms',
      meaning: 'Window in which reconnects of one stream are counted',
      fallback: 600_000,
    }),
    USER_STREAM_FLAP_THRESHOLD: number({
      from: 1,
      to: 1_000,
      meaning: 'Reconnects in the window that are reported as flapping',
      fallback: 4,
    }),
    USER_STREAM_AUDIT_MS: number({
      from: 0,
      to: 86_400_000,
      unit: 'ms',
      meaning: 'How often a live stream is compared with the REST API of its venue; 0 = never',
      fallback: 600_000,
    }),
    USER_STREAM_AUTH_WINDOW_MS: number({
      from: 1_000,
      to: DAY_MS,
      unit: 'ms',
      meaning: 'Window in which refused credentials are counted',
      fallback: 600_000,
    }),
    USER_STREAM_AUTH_FAIL_THRESHOLD: number({
      from: 1,
      to: 1_000,
      meaning: 'Refusals in the window that pause an account',
      fallback: 3,
    }),
    USER_STREAM_AUTH_COOLDOWN_MS: number({
      from: 1_000,
      to: 7 * DAY_MS,
      unit: 'ms',
      meaning: 'First pause of an account with refused credentials; doubles each time',
      fallback: 1_800_000,
    }),
    USER_STREAM_AUTH_COOLDOWN_MAX_MS: number({
      from: 1_000,
      to: 7 * DAY_MS,
      unit: 'ms',
      meaning: 'Longest such pause',
      fallback: 86_400_000,
    }),
  },
  Delivery: {
    OUTBOX_MAX_MESSAGES: number({
      from: 100,
      to: 10_000_000,
      unit: 'messages',
      meaning: 'Messages that wait for the confirm of RabbitMQ, per outbox',
      fallback: 50_000,
    }),
    OUTBOX_MAX_BYTES: number({
      from: 65_536,
      to: 17_179_869_184,
      unit: 'bytes',
      meaning: 'The same, by size',
      fallback: 67_108_864,
    }),
    USER_EVENTS_MAX_LENGTH: number({
      from: 0,
      to: 1_000_000_000,
      unit: 'messages',
      meaning:
        'Bound of the durable queue `userStreamEvents`. 0: no such queue; account events that nobody has bound a queue for are then dropped by RabbitMQ',
      fallback: 1_000_000,
    }),
    USER_EVENTS_MAX_BYTES: number({
      from: 65_536,
      to: 1_099_511_627_776,
      unit: 'bytes',
      meaning: 'The same, by size',
      fallback: 1_073_741_824,
    }),
    USER_EVENTS_TTL_MS: number({
      from: 1_000,
      to: MAX_TIMER_MS,
      unit: 'ms',
      meaning: 'Age at which unread user events leave that queue',
      fallback: 604_800_000,
    }),
  },
  Process: {
    INSTANCE_ID: text({
      meaning: 'Name of this process in events and locks; unique among running ones',
      fallbackNote: 'host name and process id',
      shape: '1 to 64 of letters, digits and . _ : -',
      example: 'price-1',
      pattern: /^[\w.:-]{0,64}$/,
    }),
    HEALTH_PORT: number({
      from: 0,
      to: 65_535,
      meaning: 'Port of the live page, `/health`, `/ready`, `/metrics`; 0 = any free one',
      fallback: 3_000,
    }),
    HEALTH_HOST: text({
      meaning: 'Address that the health server listens on',
      fallback: '0.0.0.0',
      shape: 'a host name or IP address',
      example: '127.0.0.1',
      pattern: /^[\w.:-]+$/,
    }),
    STATUS_PAGE: flag({
      meaning: 'Serve the live page and its API on the health port',
      fallback: true,
    }),
    STATUS_TOKEN: secret({
      meaning: 'Bearer token that everything on the health port but `/health` then asks for',
      fallbackNote: 'none, everything is open',
      shape: '16 to 256 visible ASCII characters',
      example: 'the output of: openssl rand -hex 24',
      pattern: /^([\x21-\x7e]{16,256})?$/,
    }),
    LOG_LEVEL: choice({
      meaning: 'Least severe log lines that are written',
      of: ['debug', 'info', 'warn', 'error', 'silent'],
      fallback: 'info',
    }),
    DEBUG: parsed(
      {
        meaning: 'Debug lines of everything (`*`) or of some modules (comma list, e.g. `bybit,okx`)',
        shape: '* or a comma list of module names',
        example: '*',
      },
      parseDebug,
    ),
    FLIGHT_RECORDER_DIR: text({
      meaning:
        'Folder for the last raw frames of a feed in trouble, read by `npm run replay`; empty = none are kept',
      shape: 'a path',
      example: '/var/lib/connector/flight',
      pattern: /^[^\0]*$/,
    }),
    FLIGHT_RECORDER_FRAMES: number({
      from: 1,
      to: 10_000,
      meaning: 'Frames that each connection keeps for it in memory',
      fallback: 50,
    }),
    SHUTDOWN_TIMEOUT_MS: number({
      from: 1_000,
      to: 600_000,
      unit: 'ms',
      meaning: 'Time for an orderly end after SIGTERM or SIGINT',
      fallback: 9_000,
    }),
  },
} as const satisfies Record<string, Record<string, Variable<unknown>>>;
