import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { WebSocket } from 'ws';
import { InstrumentIndex } from '../../domain/instrument';
import { rewriter, parseEndpoints } from '../../config/endpoints';
import { startSimulator } from '../../simulator';
import { FakeClock } from '../../testing/fake-clock';
import { connectAccount } from './account-rest';
import { binance } from './index';
import { privateCodec } from './private';
import { privateSession } from './private-session';

const ORDER = { side: 'BUY', type: 'LIMIT', price: '100', quantity: '3' } as const;

/** The adapter against the simulator, which was written independently of it: stream and REST tell the same. */
for (const [exchange, symbol] of [
  ['binance', 'BTCUSDT'],
  ['binanceUsdm', 'BTCUSDT'],
  ['binanceCoinm', 'BTCUSD_PERP'],
  ['binanceUS', 'BTCUSD'],
] as const) {
  test(`${exchange}: the stream and a later snapshot tell the same of an order`, async () => {
    const clock = new FakeClock(Date.UTC(2026, 7, 4, 12, 34, 56));
    const simulator = await startSimulator({ venues: ['binance'], clock, symbols: 4 });
    const held = simulator.accounts.addAccount({ exchange, key: 'k', secret: 's' });
    const market = binance.descriptor.markets.find((one) => one.exchange === exchange)!;
    const credentials = { key: 'k', secret: 's', passphrase: '', options: {} };
    const account = { market, credentials, environment: 'live' } as const;
    const rewrite = rewriter(parseEndpoints(simulator.overrides()));
    const rest = connectAccount(account, {
      rewrite,
      timeoutMs: 5_000,
      venueNow: () => clock.now(),
      turn: () => Promise.resolve(),
    });
    const socket = new WebSocket(rewrite(await privateSession.endpoint(account, rest)));
    const instruments = new InstrumentIndex();
    try {
      const seen = [] as ReturnType<typeof privateCodec.decode>[];
      socket.on('message', (data: Buffer) =>
        seen.push(privateCodec.decode(data.toString(), { state: null, market, receivedAt: 0, instruments })),
      );
      const settle = async (): Promise<void> => {
        socket.ping();
        await once(socket, 'pong');
      };
      await once(socket, 'open');
      const topics = privateSession.topics(account);
      for (const { frame } of privateSession.subscribe(topics, () => 1, account, clock.now())) {
        socket.send(frame);
      }
      await settle();
      assert.deepEqual(seen, topics.length > 0 ? [{ kind: 'ack', id: '1' }] : []);

      const { orderId } = held.place({ ...ORDER, symbol, clientOrderId: 'D-RO-1' });
      held.fill(orderId, '1', { price: '99' });
      held.fill(orderId, '1', { price: '98' });
      held.cancel(orderId);
      await settle();
      const streamed = seen
        .flatMap((decoded) => (decoded.kind === 'events' ? decoded.events : []))
        .flatMap((event) => (event.kind === 'order' ? [event] : []));
      assert.deepEqual(
        streamed.map(({ report }) => report.orderStatus),
        ['NEW', 'PARTIALLY_FILLED', 'PARTIALLY_FILLED', 'CANCELED'],
      );

      const known = [{ symbol, orderId, clientOrderId: 'D-RO-1' }];
      const { orders } = await rest.snapshot({ sinceMs: clock.now() - 1, instruments, known });
      const told = (report: (typeof orders)[number]['report']): unknown[] => [
        ...[report.symbol, report.orderId, report.newClientOrderId, report.originalClientOrderId],
        ...[report.orderStatus, report.price, report.totalTradeQuantity, report.totalQuoteTradeQuantity],
        ...[report.orderTime, report.side, report.orderType],
      ];
      assert.deepEqual(
        orders.map(({ report }) => told(report)),
        streamed.slice(-1).map(({ report }) => told(report)),
      );
      assert.deepEqual(simulator.violations(), []);
    } finally {
      socket.terminate();
      await simulator.close();
    }
  });
}
