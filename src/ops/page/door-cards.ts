import type {
  DoorsStatus,
  DoorStatus,
  OutboxStatus,
  ProcessStatus,
  UserEventsStatus,
} from '../../domain/status';
import type { Health, Verdict } from './verdict';

/** RabbitMQ, Redis or the outbox, over all threads. */
export interface DoorCard extends Verdict {
  readonly name: string;
  readonly facts: readonly string[];
  /** Of the outbox. */
  readonly messages?: number;
}

/** Unconfirmed messages that are nothing but the way to the broker. */
const NORMAL_DEPTH = 1_000;
/** As in the alert ConnectorUserEventsPiling. */
const CROWDED = 0.8;

export function doorCards(status: ProcessStatus): readonly DoorCard[] {
  const workers = status.venues.flatMap(({ worker }) => worker ?? []);
  const outboxes = [...workers.map(({ outbox }) => outbox), ...(status.outbox ? [status.outbox] : [])];
  return [
    withUserEvents(doorCard('RabbitMQ', status.broker, workers.map(brokerOf)), status.userEvents),
    doorCard('Redis', status.store, workers.map(storeOf)),
    outboxCard(outboxes),
  ];
}

function brokerOf({ broker }: DoorsStatus): DoorStatus {
  return broker;
}

function storeOf({ store }: DoorsStatus): DoorStatus {
  return store;
}

function doorCard(name: string, own: DoorStatus, workers: readonly DoorStatus[]): DoorCard {
  const all = [own, ...workers];
  const ready = all.filter(({ isReady }) => isReady).length;
  const failures = all.reduce((sum, one) => sum + one.failures, 0);
  const health: Health = ready === all.length ? 'ok' : ready === 0 ? 'bad' : 'warn';
  const words = {
    ok: 'connected',
    bad: 'not connected; what must arrive waits',
    warn: `${ready} of ${all.length} connections`,
    off: '',
  };
  return {
    name,
    health,
    words: words[health],
    facts: [`${ready} of ${all.length} connections`, `${failures} failures since the start`],
  };
}

/** A connection that is well does not help a queue that soon refuses; one that is lost matters more. */
function withUserEvents(card: DoorCard, queue: UserEventsStatus | undefined): DoorCard {
  if (!queue) return card;
  const { waiting, consumers, limit } = queue;
  const facts = [...card.facts, `userStreamEvents: ${waiting} of ${limit} wait, ${consumers} consumers`];
  if (card.health !== 'ok') return { ...card, facts };
  if (waiting > CROWDED * limit) {
    return { ...card, facts, health: 'warn', words: 'userStreamEvents is nearly full' };
  }
  if (waiting > 0 && consumers === 0) {
    return { ...card, facts, health: 'warn', words: 'nobody consumes userStreamEvents' };
  }
  return { ...card, facts };
}

function outboxCard(outboxes: readonly OutboxStatus[]): DoorCard {
  const sum = (pick: (outbox: OutboxStatus) => number): number =>
    outboxes.reduce((total, one) => total + pick(one), 0);
  const messages = sum((one) => one.messages);
  const refused = sum((one) => one.refused);
  const slowest = Math.max(0, ...outboxes.map(({ confirmLatency }) => confirmLatency?.p99 ?? 0));
  const isFull = messages > NORMAL_DEPTH;
  return {
    name: 'Outbox',
    health: isFull ? 'warn' : 'ok',
    words: isFull ? `${messages} messages wait for their confirm` : 'flowing',
    messages,
    facts: [
      `${Math.ceil(sum((one) => one.bytes) / 1_024)} KiB held`,
      ...(slowest > 0 ? [`confirms: p99 ${milliseconds(slowest)}`] : []),
      `${sum((one) => one.republished)} sent again`,
      ...(refused > 0 ? [`${refused} refused for want of room`] : []),
    ],
  };
}

function milliseconds(seconds: number): string {
  const ms = seconds * 1_000;
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`;
}
