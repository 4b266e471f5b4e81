import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps, AccountSnapshot } from '../contract';
import { accountBalances } from './account-balances';
import { WEIGHTS } from './account-limits';
import { readOrderRow, type RowContext } from './account-orders';
import { readToken } from './bullet';
import { epochMs } from './fields';
import type { ToldFills } from './futures-fills';
import { futuresRows } from './futures-lists';
import { pairOf } from './order-markets';
import type { OrderRows, OrderSource } from './order-source';
import type { KucoinAccountRest } from './private-session';
import { signedCalls } from './signed-call';
import { spotRows } from './spot-lists';

type Orders = AccountSnapshot['orders'];
type Found = OrderRows & { readonly fills?: ToldFills };

/** Signed REST of one account. https://www.kucoin.com/docs-new/authentication */
export function connectAccount(account: Account, deps: AccountRestDeps): KucoinAccountRest {
  const { market } = account;
  const { http, call } = signedCalls(account, deps);
  const source: OrderSource = { exchange: market.exchange, call, venueNow: deps.venueNow };
  let tokens = 0;

  return {
    serverTime: async () => {
      const time = epochMs(await http.ask('time', '/api/v1/timestamp', { weight: WEIGHTS.time }));
      if (time !== undefined) return time;
      throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} time: not readable`);
    },
    snapshot: async (query) => {
      const context: RowContext = { market, instruments: query.instruments };
      const isOurs = (venueSymbol: string): boolean => pairOf(venueSymbol, context) !== undefined;
      const found: Found =
        market.kind === 'spot' ? await spotRows(source, query) : await futuresRows(source, query, isOurs);
      const { rows, fills } = found;
      const { orders, unread } = readOrders(rows, fills === undefined ? context : { ...context, fills });
      const { position, gaps: missing } = await accountBalances(source, market, query.instruments);
      const unreadOrders = unread > 0 ? [`${unread} orders could not be read`] : [];
      const gaps = [...found.gaps, ...unreadOrders, ...missing];
      return {
        orders,
        ...(position && { balances: position }),
        ...(gaps.length > 0 && { incomplete: [...new Set(gaps)].join('; ') }),
        ...(found.forgotten.length > 0 && { forgotten: found.forgotten }),
      };
    },
    privateToken: async () => {
      const answer = await call('token', '/api/v1/bullet-private', { method: 'POST' });
      tokens += 1;
      return readToken(market, answer, tokens, http.isPlain);
    },
  };
}

/** Oldest change first. Rows that cannot be read spoil nothing but themselves, and are counted. */
function readOrders(rows: readonly object[], context: RowContext): { orders: Orders; unread: number } {
  const readings = rows.map((row) => readOrderRow(row, context));
  const orders = readings
    .flatMap((one) => (typeof one === 'object' ? [{ kind: 'order' as const, report: one }] : []))
    .sort((a, b) => a.report.orderTime - b.report.orderTime);
  return { orders, unread: readings.filter((one) => one === undefined).length };
}
