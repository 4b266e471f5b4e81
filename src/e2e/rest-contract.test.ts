/** What the venues' REST APIs tell of accounts after a gap, against the schemas of what is published. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { UserPublisher } from '../bus/user-publisher';
import { MemoryBroker } from '../bus/memory';
import { Outbox } from '../bus/outbox';
import { rewriter } from '../config';
import { parseEndpoints } from '../config/endpoints';
import { InstrumentIndex } from '../domain/instrument';
import { systemClock } from '../ops/clock';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import { MemoryStore } from '../store/memory';
import { OrderCache } from '../store/order-cache';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { problemsOf } from '../testing/schemas';
import { atOnce } from '../venues/at-once';
import { marketOf } from '../venues/registry';
import type { AccountMarket } from './market-table';
import { ACCOUNT_MARKETS, keysOf, PRICE, specOf } from './market-table';

const SCHEMAS: Readonly<Record<string, string>> = {
  executionReport: 'execution-report',
  ORDER_TRADE_UPDATE: 'order-trade-update',
  outboundAccountPosition: 'outbound-account-position',
};

describe('reconciled events of every market', { timeout: 120_000 }, () => {
  const deps = { clock: systemClock, telemetry: new RecordedTelemetry(), random: Math.random };
  const store = new MemoryStore(systemClock);
  const broker = new MemoryBroker(deps);
  const outbox = new Outbox({ maxMessages: 10_000, maxBytes: 1e7 }, { broker, ...deps });
  const orderCache = new OrderCache(store, { orders: 'orders', lastEvent: 'last' }, deps);
  const publisher = new UserPublisher({ store, outbox, orderCache, ...deps });
  let simulator: Simulator;

  before(async () => {
    simulator = await startSimulator({ symbols: 4 });
  });

  after(async () => {
    publisher.close();
    orderCache.close();
    outbox.close();
    await broker.close();
    await store.close();
    await simulator.close();
  });

  /** An open, a partly filled, a filled and a cancelled order, then a look over REST. */
  async function look(row: AccountMarket) {
    const { exchange, symbol, quantity, parts, assets } = row;
    const { key, secret, passphrase } = keysOf(exchange, 'rest');
    const account = simulator.accounts.addAccount(specOf(row, { key, secret, passphrase }));
    if (assets) account.setBalance(assets.quote, '1000000');
    const sinceMs = systemClock.now() - 1_000;
    const place = (clientOrderId: string): string => {
      const request = { symbol, side: 'BUY', type: 'LIMIT', price: PRICE, quantity, clientOrderId } as const;
      return account.place({ ...request, ...(assets && { assets }) }).orderId;
    };
    place('D-RO-open');
    account.fill(place('D-RO-partial'), parts[0], { price: PRICE });
    const filled = place('D-RO-filled');
    for (const part of parts) account.fill(filled, part, { price: PRICE });
    account.cancel(place('D-RO-gone'));
    const known = marketOf(exchange);
    const rewrite = rewriter(parseEndpoints(simulator.overrides()));
    assert.ok(known?.adapter.connectAccount);
    const { adapter, market } = known;
    const symbols = await adapter.connectRest({ rewrite, timeoutMs: 10_000 }).instruments(market);
    const credentials = { key, secret, passphrase, options: {} };
    const rest = adapter.connectAccount?.(
      { market, credentials, environment: 'live' },
      { rewrite, timeoutMs: 10_000, venueNow: () => systemClock.now(), inTurn: atOnce },
    );
    assert.ok(rest);
    return rest.snapshot({ sinceMs, instruments: new InstrumentIndex(symbols), known: [] });
  }

  for (const row of ACCOUNT_MARKETS) {
    test(row.exchange, async () => {
      const { exchange } = row;
      const { orders, balances } = await look(row);
      const told = balances ? [...orders, { kind: 'balances' as const, position: balances }] : orders;
      const statuses = new Set<unknown>();
      for (const event of told) {
        const delivery = { room: 'r', exchange, receivedAt: 1, isReconciled: true };
        const { body } = publisher.publish(event, delivery);
        const schema = SCHEMAS[body.eventType];
        assert.ok(schema, body.eventType);
        assert.deepEqual(problemsOf(schema, body), [], JSON.stringify(body));
        assert.ok(!('commission' in body) && !('tradeId' in body), 'REST tells orders, not single fills');
        statuses.add(body['orderStatus']);
      }
      for (const status of ['NEW', 'PARTIALLY_FILLED', 'FILLED', 'CANCELED']) assert.ok(statuses.has(status));
    });
  }
});
