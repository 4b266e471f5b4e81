import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot, SnapshotQuery } from '../contract';
import { WEIGHT } from './account-limits';
import { lineAt, linesOf, type AccountMode } from './account-mode';
import { classicReader, readBalances, unifiedReader } from './balances';
import { epochMs, isObject } from './fields';
import { findOrders, type FoundOrders } from './account-orders';
import { refusalOf } from './refusals';
import { signedHttp, successOf, WrongDoor, type Ask, type Question, type VenueAnswer } from './signed-http';

export interface BitgetAccountRest extends AccountRest {
  /** Which API serves this account now; asked anew, as accounts get upgraded. */
  mode(): Promise<AccountMode>;
}

const UNIFIED_ASSETS = '/api/v3/account/assets';
const IS_CLASSIC = '40084';
const WRONG_ENVIRONMENT = '40099';

/** Signed REST of one account, classic or unified. */
export function connectAccount(account: Account, deps: AccountRestDeps): BitgetAccountRest {
  const ask = signedHttp(account, deps);
  const { kind } = account.market;
  let known: AccountMode | undefined;

  async function mode(): Promise<AccountMode> {
    try {
      known = await askMode(ask, account);
      return known;
    } catch (thrown) {
      // REST in trouble is no reason to stay off the stream, where the account is known.
      if (known !== undefined && thrown instanceof ConnectorError && thrown.retry !== 'never') return known;
      throw thrown;
    }
  }

  async function read(query: SnapshotQuery, at: AccountMode): Promise<AccountSnapshot> {
    const book = { ask, kind, mode: at, instruments: query.instruments };
    const found = await findOrders(book, query, deps.venueNow());
    return snapshotOf(found, await readHoldings(ask, account, at));
  }

  return {
    mode,
    serverTime: async () => {
      const question = { what: 'time', weight: WEIGHT.time, path: '/api/v2/public/time', isUnsigned: true };
      const { data, time } = successOf(await ask(question));
      const { serverTime } = (isObject(data) ? data : {}) as { readonly serverTime?: unknown };
      return epochMs(serverTime) ?? time;
    },
    snapshot: async (query) => {
      const at = known ?? (await mode());
      try {
        return await read(query, at);
      } catch (thrown) {
        // Upgraded since we asked: once more, at the right door.
        if (!(thrown instanceof WrongDoor)) throw thrown;
        const now = await mode();
        if (now.generation === at.generation) throw thrown;
        return read(query, now);
      }
    },
  };
}

/** One signed question that either API generation answers in its own way. */
async function askMode(ask: Ask, { environment, market }: Account): Promise<AccountMode> {
  const question = { what: 'account type', weight: WEIGHT.light, path: UNIFIED_ASSETS };
  if (environment === 'live') return { generation: generationOf(await ask(question)) };
  const inDemo = await ask({ ...question, isDemo: true });
  if (inDemo.code !== WRONG_ENVIRONMENT) {
    return { generation: generationOf(inDemo), demo: 'environment' };
  }
  // A key of the live environment. Its demo products are contracts of the classic API: a sandbox must
  // not end up with live orders for want of them.
  const generation = generationOf(await ask(question));
  if (generation === 'classic' && market.kind !== 'spot') return { generation, demo: 'products' };
  const cause = refusalOf(WRONG_ENVIRONMENT, 'no demo products for this key');
  throw new ConnectorError('REST_FAILED', `${inDemo.what}: ${cause.text}`, { retry: cause.retry, cause });
}

function generationOf(answer: VenueAnswer): AccountMode['generation'] {
  if (answer.code === IS_CLASSIC) return 'classic';
  successOf(answer);
  return 'unified';
}

/** A coin that cannot be read must not pass for an empty one: no balances at all are told then. */
function snapshotOf(
  { orders, gaps, forgotten }: FoundOrders,
  { position, unread }: Holdings,
): AccountSnapshot {
  const all = unread === 0 ? gaps : [...gaps, `unreadable balances: ${unread}`];
  return {
    orders,
    ...(unread === 0 ? { balances: position } : {}),
    ...(all.length > 0 ? { incomplete: all.join('; ') } : {}),
    ...(forgotten.length > 0 ? { forgotten } : {}),
  };
}

interface Holdings {
  /** All coins that are held; the venue leaves out the empty ones. */
  readonly position: OutboundAccountPosition;
  /** Coins that could not be read. */
  readonly unread: number;
}

async function readHoldings(ask: Ask, { market: { kind } }: Account, mode: AccountMode): Promise<Holdings> {
  const held: Balance[] = [];
  let eventTime = 0;
  let allUnread = 0;
  for (const question of balanceQuestions(kind, mode)) {
    const answer = await ask({ ...question, what: 'balances', isDemo: mode.demo === 'environment' });
    const { data, time } = successOf(answer);
    const rows = mode.generation === 'unified' ? assetsOf(data) : data;
    const reader = mode.generation === 'unified' ? unifiedReader(kind) : classicReader(kind);
    if (!Array.isArray(rows)) throw new ConnectorError('REST_BAD_ANSWER', `${answer.what}: no balances`);
    const { balances, unread } = readBalances(rows as readonly unknown[], reader);
    held.push(...balances);
    allUnread += unread;
    eventTime = Math.max(eventTime, time);
  }
  const position = {
    eventType: 'outboundAccountPosition',
    eventTime,
    lastAccountUpdate: 0,
    balances: held,
  } as const;
  return { position, unread: allUnread };
}

type BalanceQuestion = Pick<Question, 'path' | 'query' | 'weight'>;

function balanceQuestions(kind: Account['market']['kind'], mode: AccountMode): readonly BalanceQuestion[] {
  if (mode.generation === 'unified') return [{ path: UNIFIED_ASSETS, weight: WEIGHT.light }];
  const weight = WEIGHT.heavy;
  if (kind === 'spot') return [{ path: '/api/v2/spot/account/assets', weight }];
  return linesOf(kind).map((line) => ({
    path: '/api/v2/mix/account/accounts',
    query: { productType: lineAt(line, mode) },
    weight,
  }));
}

/** {"accountEquity":"11.13","assets":[{"coin":"USDT","balance":"6.19", ...}, ...], ...} */
function assetsOf(data: unknown): unknown {
  return isObject(data) ? (data as { readonly assets?: unknown }).assets : undefined;
}
