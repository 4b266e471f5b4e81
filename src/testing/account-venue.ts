/** The smallest possible venue with accounts: speaks the dialect of `hostile-server.ts`. */
import type { AccountEvent, ExecutionReport } from '../domain/account';
import type {
  Account,
  AccountFeed,
  AccountRest,
  Decoded,
  LinkRules,
  MarketDescriptor,
  Refusal,
  Request,
  Topic,
  VenueAdapter,
} from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import type { HostileConnection } from './hostile-server';
import { tinyRules } from './tiny-venue';

export const TINY_EXCHANGE = 'tinySpot';
export const ORDERS: Topic = 'orders';
export const WALLET: Topic = 'wallet';

const accountRules: LinkRules = {
  ...tinyRules,
  outgoing: { count: 100, perMs: 1_000 },
  dials: [{ count: 100, perMs: 1_000 }],
  silence: { floorMs: Infinity, capMs: Infinity },
};

interface Answer {
  readonly events?: readonly AccountEvent[];
  readonly topic?: Topic;
  readonly faults?: readonly string[];
  readonly ack?: string;
  readonly loginRefused?: Refusal;
  readonly refused?: true | Refusal;
  readonly id?: string;
  readonly topics?: readonly Topic[];
  readonly moveAway?: number;
  readonly ended?: string;
}

const NO_TOPIC: Refusal = { code: 'NO_TOPIC', text: 'no such topic', retry: 'never' };

interface LoginFrame {
  readonly op: string;
  readonly key: string;
  readonly at: number;
}

/** What one test changes of the venue. */
export interface AccountVenueOptions {
  readonly url: string;
  readonly rules?: Partial<LinkRules>;
  readonly topics?: readonly Topic[];
  readonly keepAlive?: NonNullable<AccountFeed['session']['keepAlive']>;
  /** False: the URL itself authenticates. */
  readonly hasLogin?: boolean;
  /** Called for every signed frame: may throw. */
  readonly sign?: (account: Account) => void;
  readonly endpoint?: (account: Account) => Promise<string>;
  readonly serverTime?: () => Promise<number>;
  readonly instruments?: () => Promise<void>;
  readonly exchange?: string;
  /** How topics are refused; default: there is no such topic. */
  readonly refusal?: Refusal;
  readonly snapshot?: AccountRest['snapshot'];
  readonly balances?: NonNullable<AccountRest['balances']>;
  readonly polledBalances?: NonNullable<AccountFeed['polledBalances']>;
  readonly misplaced?: NonNullable<AccountFeed['misplaced']>;
}

export function tinyAccountFeed(options: AccountVenueOptions): AccountFeed {
  const { url, keepAlive, hasLogin = true, sign, endpoint, topics = [ORDERS, WALLET] } = options;
  const { polledBalances, misplaced, refusal = NO_TOPIC } = options;
  const worded = (op: string) => (named: readonly Topic[], nextId: () => number, account: Account) => {
    sign?.(account);
    return [request({ op, topics: named }, nextId)];
  };
  return {
    ...(polledBalances && { polledBalances }),
    ...(misplaced && { misplaced }),
    codec: { begin: () => ({}), decode: (frame) => decode(JSON.parse(frame) as Answer, refusal) },
    session: {
      endpoint: (account) => endpoint?.(account) ?? Promise.resolve(url),
      topics: () => topics,
      subscribe: worded('subscribe'),
      unsubscribe: worded('unsubscribe'),
      ...(keepAlive && { keepAlive }),
      ...(hasLogin && {
        login: (account: Account, now: number, nextId: () => number) => {
          sign?.(account);
          return [request({ op: 'login', topics: [], key: account.credentials.key, at: now }, nextId)];
        },
      }),
    },
  };
}

function request(
  body: {
    readonly op: string;
    readonly topics: readonly Topic[];
    readonly key?: string;
    readonly at?: number;
  },
  nextId: () => number,
): Request {
  const id = `${body.op}-${nextId()}`;
  return { frame: JSON.stringify({ ...body, id }), topics: body.topics, id };
}

function decode(answer: Answer, refusal: Refusal): Decoded<AccountEvent> {
  const { events, topic, faults = [], ack, loginRefused, moveAway, ended } = answer;
  if (events) return { kind: 'events', topics: topic === undefined ? [] : [topic], events, faults };
  if (ack !== undefined) return ack.startsWith('login') ? { kind: 'loggedIn' } : { kind: 'ack', id: ack };
  if (loginRefused) return { kind: 'loginRefused', reason: loginRefused };
  if (ended !== undefined) return { kind: 'ended', reason: ended };
  if (moveAway !== undefined) return { kind: 'moveAway', afterMs: moveAway };
  return decodeRefused(answer, refusal);
}

function decodeRefused({ refused, id, topics }: Answer, refusal: Refusal): Decoded<AccountEvent> {
  if (!refused) return { kind: 'ignored' };
  const reason = refused === true ? refusal : refused;
  return { kind: 'refused', reason, ...(id !== undefined && { id }), ...(topics && { topics }) };
}

export function tinyAccountMarket(options: AccountVenueOptions): KnownMarket {
  const account = { ...accountRules, ...options.rules };
  const { url, exchange = TINY_EXCHANGE } = options;
  const market: MarketDescriptor = {
    exchange,
    kind: 'spot',
    selector: 'tiny',
    endpoints: { ticker: url, candle: url, rest: 'https://api.tiny.example', account: url },
    intervals: ['1m'],
    links: { ticker: tinyRules, candle: tinyRules, account },
  };
  const adapter: VenueAdapter = {
    descriptor: { venue: 'tiny', markets: [market], intervalNames: {} },
    publicFeed: {
      session: { topicOf: () => '', subscribe: () => [], unsubscribe: () => [] },
      codec: { begin: () => ({}), decode: () => ({ kind: 'ignored' }) },
    },
    accountFeed: tinyAccountFeed(options),
    connectRest: () => ({
      instruments: async () => {
        await options.instruments?.();
        return [{ exchange, symbol: 'BTCUSDT', venueSymbol: 'BTCUSDT', base: 'BTC', quote: 'USDT' }];
      },
      instrumentOfPair: () => undefined,
      candles: () => Promise.resolve([]),
    }),
    connectAccount: () => tinyAccountRest(options),
  };
  return { adapter, market };
}

export function tinyAccountRest({
  serverTime,
  snapshot,
  balances,
}: Pick<AccountVenueOptions, 'serverTime' | 'snapshot' | 'balances'> = {}): AccountRest {
  return {
    serverTime: serverTime ?? (() => Promise.resolve(1_700_000_000_000)),
    snapshot: snapshot ?? (() => Promise.resolve({ orders: [] })),
    ...(balances && { balances }),
  };
}

/** The logins that a connection of the venue heard. */
export function loginsOf({ requests }: HostileConnection): readonly LoginFrame[] {
  return requests.filter(({ op }) => op === 'login') as unknown as readonly LoginFrame[];
}

export function say(connection: HostileConnection | undefined, answer: Answer): void {
  connection?.say(JSON.stringify(answer));
}

let eventAt = 1_700_000_000_000;

export function orderEvent(change: Partial<ExecutionReport> = {}): Extract<AccountEvent, { kind: 'order' }> {
  eventAt += 1;
  return {
    kind: 'order',
    report: {
      eventType: 'executionReport',
      eventTime: eventAt,
      creationTime: 1_699_999_999_000,
      orderTime: eventAt,
      symbol: 'BTCUSDT',
      orderId: '1',
      newClientOrderId: 'D-TP-1',
      originalClientOrderId: 'D-TP-1',
      side: 'BUY',
      orderType: 'LIMIT',
      orderStatus: 'NEW',
      price: '60000',
      quantity: '0.3',
      totalTradeQuantity: '0',
      totalQuoteTradeQuantity: '0',
      ...change,
    },
  };
}

export function balancesEvent(
  eventTime: number,
  ...balances: readonly (readonly [asset: string, free: string, locked: string])[]
): Extract<AccountEvent, { kind: 'balances' }> {
  return {
    kind: 'balances',
    position: {
      eventType: 'outboundAccountPosition',
      eventTime,
      lastAccountUpdate: eventTime,
      balances: balances.map(([asset, free, locked]) => ({ asset, free, locked })),
    },
  };
}

export function deltaEvent(
  balanceDelta: string,
  eventTime = 5,
): Extract<AccountEvent, { kind: 'balanceDelta' }> {
  return {
    kind: 'balanceDelta',
    update: { eventType: 'balanceUpdate', eventTime, asset: 'BTC', balanceDelta, clearTime: 4 },
  };
}
