import type { OutboundAccountPosition } from '../../domain/account';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRest, AccountRestDeps, AccountSnapshot } from '../contract';
import { WEIGHT } from './account-limits';
import { findOrders, type FoundOrders } from './account-orders';
import { readBalances } from './balances';
import { epochMs, isObject } from './fields';
import { signedCalls, type Call } from './signed-call';

/** Signed REST of one account, through the vendor's SDK. */
export function connectAccount(account: Account, deps: AccountRestDeps): AccountRest {
  const call = signedCalls(account, deps);
  return {
    serverTime: async () =>
      readTime(
        account,
        await call({ what: 'time', weight: WEIGHT.time }, (client) => client.getSystemTime({})),
      ),
    snapshot: async (query) => {
      const found = await findOrders({ account, call, now: deps.venueNow }, query);
      return snapshotOf(found, await readHoldings(account, call, deps.venueNow()));
    },
  };
}

/** A currency that cannot be read must not pass for an empty one: no balances at all are told then. */
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
  readonly position: OutboundAccountPosition;
  /** Currencies that could not be read. */
  readonly unread: number;
}

/** One row for the whole account. https://www.okx.com/docs-v5/en/#trading-account-rest-api-get-balance */
async function readHoldings({ market }: Account, call: Call, nowMs: number): Promise<Holdings> {
  const question = { what: 'balances', weight: WEIGHT.balances };
  const answer = await call(question, (client) => client.getBalance());
  const reading = readBalances(Array.isArray(answer) ? answer[0] : undefined, nowMs);
  if (reading !== undefined) return reading;
  throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} balances: not readable`);
}

/** [{"ts":"1597026383085"}]; unsigned. */
function readTime({ market }: Account, answer: unknown): number {
  const row: unknown = Array.isArray(answer) ? answer[0] : undefined;
  const time = isObject(row) ? epochMs((row as { ts?: unknown }).ts) : undefined;
  if (time !== undefined) return time;
  throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} time: not readable`);
}
