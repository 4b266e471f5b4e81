import { ConnectorError } from '../../domain/errors';
import type { InstrumentIndex } from '../../domain/instrument';
import type { Account, AccountRestDeps, AccountSnapshot } from '../contract';
import { accountBalances } from './account-balances';
import { readOrderRow } from './account-orders';
import { readToken } from './bullet';
import { epochMs } from './fields';
import { futuresRows, type OrderSource, spotRows } from './order-lists';
import type { KucoinAccountRest } from './private-session';
import { signedCalls } from './signed-call';

type Orders = AccountSnapshot['orders'];

/** Signed REST of one account. https://www.kucoin.com/docs-new/authentication */
export function connectAccount(account: Account, deps: AccountRestDeps): KucoinAccountRest {
  const { market } = account;
  const { http, call } = signedCalls(account, deps);
  const source: OrderSource = { exchange: market.exchange, call, venueNow: deps.venueNow };
  /** Spot symbols that had open orders at an earlier snapshot: they may have ended since. */
  const symbols = new Set<string>();
  let tokens = 0;

  return {
    serverTime: async () => {
      const time = epochMs(await http.ask('time', '/api/v1/timestamp'));
      if (time !== undefined) return time;
      throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} time: not readable`);
    },
    snapshot: async ({ sinceMs, instruments }) => {
      const isSpot = market.kind === 'spot';
      const rows = isSpot ? await spotRows(source, sinceMs, symbols) : await futuresRows(source, sinceMs);
      return {
        orders: readOrders(account, rows, instruments),
        balances: await accountBalances(source, market, instruments),
      };
    },
    privateToken: async () => {
      const answer = await call('token', '/api/v1/bullet-private', 'POST');
      tokens += 1;
      return readToken(market, answer, tokens, http.isPlain);
    },
  };
}

/** A single odd row is left out; a list of strangers is refused. Oldest change first. */
function readOrders({ market }: Account, rows: readonly object[], instruments: InstrumentIndex): Orders {
  const readings = rows.map((row) => readOrderRow(row, { market, instruments }));
  if (readings.length > 0 && readings.every((one) => one === undefined)) {
    throw new ConnectorError('REST_BAD_ANSWER', `${market.exchange} orders: no readable order`);
  }
  return readings
    .flatMap((one) => (typeof one === 'object' ? [{ kind: 'order' as const, report: one }] : []))
    .sort((a, b) => a.report.orderTime - b.report.orderTime);
}
