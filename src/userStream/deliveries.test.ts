import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PublishedAccountEvent, UserDelivery, UserPublisher } from '../bus/user-publisher';
import type { AccountEvent } from '../domain/account';
import type { StreamRecords } from '../store/stream-records';
import { balancesEvent, deltaEvent, orderEvent } from '../testing/account-venue';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { Deliveries } from './deliveries';

test('a delta that Redis may have, or not: the room is in doubt, and its next look tells the balance', () => {
  const published: { readonly event: AccountEvent; readonly delivery: UserDelivery }[] = [];
  const body: PublishedAccountEvent = { eventType: 'x', uniqueMessageId: 'x' };
  const publisher: Pick<UserPublisher, 'publish'> = {
    publish: (event, delivery) => {
      published.push({ event, delivery });
      return { body, isAccepted: true };
    },
  };
  let doubts = 0;
  const deliveries = new Deliveries(
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
      onDoubt: () => (doubts += 1),
    },
  );
  const position = balancesEvent(5, ['BTC', '1', '0']);
  deliveries.told([position, deltaEvent('0.5'), orderEvent()], 0);
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
