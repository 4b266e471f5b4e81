import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import type { ConnectorError } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import { guarded, Signal } from '../store/signal';
import type { HeldBounds } from './held-messages';
import { HeldMessages } from './held-messages';
import { LatelyConfirmed } from './lately-confirmed';
import type { Entry, Lane } from './outbox-lane';
import type { Broker, OutgoingMessage } from './ports';

export interface OutboxOptions extends HeldBounds {
  /** Unconfirmed messages of one key. Default 64. */
  readonly keyWindow?: number;
  /** Unconfirmed messages of all keys. Default 1,000. */
  readonly window?: number;
}

export interface OutboxDeps {
  readonly broker: Broker;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: Random;
  /** When what was offered is sent; default: after this turn's other work. */
  readonly soon?: (send: () => void) => void;
}

/** Between tries of a key whose message the broker refuses, e.g. because the queue of user events is full. */
const REFUSED: BackoffPolicy = { floorMs: 50, baseMs: 100, capMs: 5_000, factor: 2 };

/** In one turn of the event loop, about a millisecond of work. */
const MESSAGES_PER_TURN = 16;

/**
 * Messages accepted but not yet confirmed by the broker. Ordered per key over refusals, lost
 * channels and reconnects; delivered at least once (repeats keep their message id); bounded, with
 * the caller told at once when there is no room.
 */
export class Outbox {
  private readonly lanes: HeldMessages;
  private readonly lately = new LatelyConfirmed();
  /** Lanes that may have something to send, each for one message per turn. */
  private readonly turns = new Set<Lane>();
  private readonly drained = new Signal();
  private readonly emptied = new Signal();
  private readonly unsubscribe: readonly (() => void)[];
  private readonly keyWindow: number;
  private readonly window: number;
  private readonly soon: (send: () => void) => void;
  /** How often what was confirmed had to be sent again. */
  private recalls = 0;
  private inFlight = 0;
  private wasFull = false;
  private isClosed = false;
  private isScheduled = false;

  constructor(
    options: OutboxOptions,
    private readonly deps: OutboxDeps,
  ) {
    this.lanes = new HeldMessages(options);
    this.keyWindow = options.keyWindow ?? 64;
    this.window = options.window ?? 1_000;
    this.soon = deps.soon ?? afterOtherDoors;
    const { broker } = deps;
    this.unsubscribe = [
      broker.onReady(() => this.resume()),
      broker.onWritable(() => this.schedule()),
      broker.onQueueLost(() => this.recall()),
    ];
  }

  /** Messages held. */
  get depth(): number {
    return this.lanes.depth;
  }

  /** Bytes of the held bodies. */
  get bytes(): number {
    return this.lanes.bytes;
  }

  /** What is held of one key, and how long (ms) the oldest of it has waited. */
  held(key: string): { readonly messages: number; readonly oldestMs: number } {
    const lane = this.lanes.find(key);
    const since = lane?.oldestAt;
    const oldestMs = since === undefined ? 0 : Math.round(this.deps.clock.monotonic() - since);
    return { messages: lane?.length ?? 0, oldestMs };
  }

  /**
   * Takes a message to be published after all earlier ones of `key`. `done` is called when it and
   * all before it are confirmed, so a cursor moved by it never runs ahead of delivery.
   * @returns false when there is no room: the caller reads its source again later (`onDrained`).
   */
  offer(key: string, message: OutgoingMessage, done?: () => void): boolean {
    const bytes = Buffer.byteLength(message.body);
    if (this.isClosed || !this.lanes.hasRoom(bytes)) return this.refuse();
    const offeredAt = this.deps.clock.monotonic();
    const lane = this.lanes.push(key, { message, bytes, done, offeredAt, isConfirmed: false });
    this.turns.add(lane);
    this.schedule();
    this.report();
    return true;
  }

  /** Called when there is room again after a refusal: below half of both bounds. Returns the unsubscriber. */
  onDrained(listener: () => void): () => void {
    return this.drained.add(listener);
  }

  /** Resolves true once nothing is held, false at the deadline. */
  drain(deadlineMs: number): Promise<boolean> {
    if (this.depth === 0) return Promise.resolve(true);
    const { clock } = this.deps;
    return new Promise((resolve) => {
      const end = (isEmpty: boolean): void => {
        clock.cancel(deadline);
        unsubscribe();
        resolve(isEmpty);
      };
      const deadline = clock.after(deadlineMs, () => end(false));
      const unsubscribe = this.emptied.add(() => end(true));
    });
  }

  /** Drops what is still held: `drain` first. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const stop of this.unsubscribe) stop();
    for (const lane of this.lanes.all()) this.deps.clock.cancel(lane.retry);
    if (this.depth > 0) {
      this.deps.telemetry.log.warn({ messages: this.depth }, 'outbox closed with unconfirmed messages');
    }
    this.turns.clear();
    this.drained.clear();
  }

  private refuse(): false {
    this.wasFull = true;
    this.deps.telemetry.meter.count('connector_outbox_refused_total');
    return false;
  }

  /** The broker is back: whoever waits for a second try need not wait any longer. */
  private resume(): void {
    if (!this.deps.broker.ready) return;
    for (const lane of this.lanes.all()) {
      this.deps.clock.cancel(lane.retry);
      lane.retry = undefined;
      lane.attempt = 0;
      this.turns.add(lane);
    }
    this.schedule();
  }

  /** A queue was deleted: what it took lately is sent again, and what is in flight may have met the same end. */
  private recall(): void {
    const { clock, telemetry } = this.deps;
    this.recalls += 1;
    let messages = 0;
    for (const [key, entries] of this.lately.take(clock.monotonic())) {
      messages += entries.length;
      this.recover(this.lanes.recall(key, entries));
    }
    if (messages === 0) return;
    telemetry.log.warn({ messages }, 'a queue of user events was deleted; what it took lately is sent again');
    this.report();
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    this.soon(() => {
      this.isScheduled = false;
      this.pump();
    });
  }

  /** Sends what the windows allow, one message per key and turn. */
  private pump(): void {
    let sent = 0;
    for (const lane of this.turns) {
      if (this.inFlight >= this.window || this.isClosed) return;
      if (lane.canSend(this.keyWindow)) {
        if (sent >= MESSAGES_PER_TURN) return this.schedule();
        if (!this.send(lane)) return;
        sent += 1;
        // To the end of the row, which this loop reaches again.
        this.turns.delete(lane);
        this.turns.add(lane);
      } else {
        this.turns.delete(lane);
      }
    }
  }

  private send(lane: Lane): boolean {
    const entry = lane.next();
    if (!entry) return true;
    const { recalls } = this;
    const isTaken = this.deps.broker.publishConfirmed(entry.message, (failure) =>
      this.settled(lane, entry, failure, recalls < this.recalls),
    );
    if (!isTaken) return false;
    lane.markSent();
    this.inFlight += 1;
    return true;
  }

  private settled(lane: Lane, entry: Entry, failure: ConnectorError | undefined, isRecalled: boolean): void {
    if (this.isClosed) return;
    lane.inFlight -= 1;
    this.inFlight -= 1;
    if (isRecalled || (failure && failure.retry !== 'never')) lane.isBroken = true;
    else this.confirmed(entry, failure);
    if (lane.isBroken) this.recover(lane);
    else this.advance(lane);
    this.turns.add(lane);
    this.schedule();
    this.report();
  }

  private confirmed(entry: Entry, failure: ConnectorError | undefined): void {
    const { log, meter } = this.deps.telemetry;
    entry.isConfirmed = true;
    if (failure) {
      const { routingKey } = entry.message;
      log.error({ routingKey, error: failure.message }, 'message dropped: it can never be published');
    } else {
      const heldMs = this.deps.clock.monotonic() - entry.offeredAt;
      meter.observe('connector_confirm_latency_seconds', heldMs / 1_000);
    }
  }

  /** Forgets what is confirmed from the front on. */
  private advance(lane: Lane): void {
    const taken = this.lanes.takeConfirmed(lane);
    if (taken.length === 0) return;
    lane.attempt = 0;
    const now = this.deps.clock.monotonic();
    for (const entry of taken) {
      this.lately.add(lane.key, entry, now);
      if (entry.done) guarded(entry.done);
    }
    this.tellRoom();
  }

  private tellRoom(): void {
    if (this.wasFull && this.lanes.isBelowHalf) {
      this.wasFull = false;
      this.drained.emit();
    }
    if (this.depth === 0) this.emptied.emit();
  }

  /** Once all that was in flight has settled, the lane begins again at its first unconfirmed message. */
  private recover(lane: Lane): void {
    if (lane.inFlight > 0) return;
    this.advance(lane);
    const again = lane.rewind();
    const { broker, clock, random, telemetry } = this.deps;
    // A lost channel makes the broker not ready before it fails what was in flight.
    const reason = broker.ready ? 'refused' : 'lost';
    telemetry.meter.count('connector_outbox_republished_total', { reason }, again);
    clock.cancel(lane.retry);
    lane.retry = undefined;
    if (!broker.ready) return;
    lane.retry = clock.after(nextDelay(REFUSED, lane.attempt, random), () => {
      lane.retry = undefined;
      this.turns.add(lane);
      this.schedule();
    });
    lane.attempt += 1;
  }

  private report(): void {
    const { meter } = this.deps.telemetry;
    meter.gauge('connector_outbox_depth', this.depth);
    meter.gauge('connector_outbox_bytes', this.bytes);
  }
}

/**
 * Encoding for AMQP is dear. The other door asks for an immediate of the same turn and goes first; of a burst
 * only a few messages are encoded before the sockets are read again.
 */
function afterOtherDoors(send: () => void): void {
  process.nextTick(() => setImmediate(send));
}
