import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedAccountEvent, UserDelivery, UserPublisher } from '../bus/user-publisher';
import type { AccountEvent } from '../domain/account';
import type { StreamRecords } from '../store/stream-records';
import { balancesEvent, deltaEvent, orderEvent } from '../testing/account-venue';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { Deliveries } from './deliveries';
import type { Look } from './reconciler';

interface Published {
  readonly event: AccountEvent;
  readonly delivery: UserDelivery;
}

function deliveriesTo(published: Published[], onDoubt = (): void => undefined): Deliveries {
  const body: PublishedAccountEvent = { eventType: 'x', uniqueMessageId: 'x' };
  const publisher: Pick<UserPublisher, 'publish'> = {
    publish: (event, delivery) => {
      published.push({ event, delivery });
      return { body, isAccepted: true };
    },
  };
  return new Deliveries(
    {
      telemetry: new RecordedTelemetry(),
      publisher: publisher as UserPublisher,
      records: {} as StreamRecords,
      onEvent: () => undefined,
    },
    {
      room: 'r',
      exchange: 'binance',
      history: { published: () => () => undefined },
      onRefused: () => assert.fail('refused'),
      onDoubt,
    },
  );
}

test('a delta that Redis may have, or not: the room is in doubt, and its next look tells the balance', () => {
  const published: Published[] = [];
  let doubts = 0;
  const deliveries = deliveriesTo(published, () => (doubts += 1));
  const position = balancesEvent(5, ['BTC', '1', '0']);
  deliveries.told([{ events: [position, deltaEvent('0.5'), orderEvent()], receivedAt: 0 }]);
  assert.deepEqual(
    published.map(({ delivery }) => delivery.onDoubt !== undefined),
    [false, true, false],
  );
  const { position: list } = balancesEvent(20, ['BTC', '1', '0']);
  assert.equal(deliveries.balancesAre(list, 20, 20), 0, 'nothing is in doubt');
  published[1]?.delivery.onDoubt?.();
  assert.equal(doubts, 1);
  assert.equal(deliveries.balancesAre(list, 30, 30), 1);
  assert.equal(published.at(-1)?.event.kind, 'balances');
});

/** A look that found the order in this state. */
function lookThatFound(order: ReturnType<typeof orderEvent>): Look {
  return {
    snapshot: { orders: [order] },
    gap: { fromMs: 0, reason: 'reconnect' },
    ...{ known: [], sinceMs: 0, askedAt: 1e15, liveSince: 1e15 },
  };
}

test('frames of before what REST has told are not told after it, though their times are not older', () => {
  const published: Published[] = [];
  const deliveries = deliveriesTo(published);
  const states = ['0.3', '0.35', '0.4'].map((quantity) =>
    orderEvent({ orderStatus: 'PARTIALLY_FILLED', totalTradeQuantity: '0.15', quantity }),
  );
  const other = orderEvent({ orderId: '2' });
  // REST has no time of the amend: that of the fill.
  deliveries.reconciled(lookThatFound({ ...states[1]!, report: { ...states[1]!.report, orderTime: 1 } }), 0);
  deliveries.told([...states, other].map((one) => ({ events: [one], receivedAt: 0 })));
  const told = published.map(({ event }) => event.kind === 'order' && event.report);
  assert.deepEqual(
    told.map((report) => report && [report.orderId, report.quantity]),
    [
      ['1', '0.35'],
      ['1', '0.4'],
      ['2', '0.3'],
    ],
  );
});

test('frames that never come to what REST has told are all told: the answer may be older than they are', () => {
  const published: Published[] = [];
  const deliveries = deliveriesTo(published);
  const old = orderEvent({ price: '1' });
  const states = [orderEvent({ price: '2' }), orderEvent({ price: '3' })];
  deliveries.reconciled(lookThatFound(old), 0);
  deliveries.told(states.map((one) => ({ events: [one], receivedAt: 0 })));
  assert.equal(published.length, 3);
});
