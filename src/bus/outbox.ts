import type { BackoffPolicy } from '../domain/backoff';
import { nextDelay } from '../domain/backoff';
import type { ConnectorError } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import { guarded, Signal } from '../store/signal';
import type { Entry } from './outbox-lane';
import { Lane } from './outbox-lane';
import type { Broker, OutgoingMessage } from './ports';

export interface OutboxOptions {
  readonly maxMessages: number;
  readonly maxBytes: number;
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
  private readonly lanes = new Map<string, Lane>();
  /** Lanes that may have something to send, each for one message per turn. */
  private readonly turns = new Set<Lane>();
  private readonly drained = new Signal();
  private readonly emptied = new Signal();
  private readonly unsubscribe: readonly (() => void)[];
  private readonly keyWindow: number;
  private readonly window: number;
  private readonly soon: (send: () => void) => void;
  private inFlight = 0;
  private wasFull = false;
  private isClosed = false;
  private isScheduled = false;
  private messages = 0;
  private heldBytes = 0;

  constructor(
    private readonly options: OutboxOptions,
    private readonly deps: OutboxDeps,
  ) {
    this.keyWindow = options.keyWindow ?? 64;
    this.window = options.window ?? 1_000;
    this.soon = deps.soon ?? afterOtherDoors;
    const { broker } = deps;
    this.unsubscribe = [broker.onReady(() => this.resume()), broker.onWritable(() => this.schedule())];
  }

  /** Messages held. */
  get depth(): number {
    return this.messages;
  }

  /** Bytes of the held bodies. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** What is held of one key, and how long (ms) the oldest of it has waited. */
  held(key: string): { readonly messages: number; readonly oldestMs: number } {
    const lane = this.lanes.get(key);
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
    if (this.isClosed || !this.hasRoom(bytes)) return this.refuse();
    let lane = this.lanes.get(key);
    if (!lane) {
      lane = new Lane(key);
      this.lanes.set(key, lane);
    }
    lane.push({ message, bytes, done, offeredAt: this.deps.clock.monotonic(), isConfirmed: false });
    this.messages += 1;
    this.heldBytes += bytes;
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
    if (this.messages === 0) return Promise.resolve(true);
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
    for (const lane of this.lanes.values()) this.deps.clock.cancel(lane.retry);
    if (this.messages > 0) {
      this.deps.telemetry.log.warn({ messages: this.messages }, 'outbox closed with unconfirmed messages');
    }
    this.lanes.clear();
    this.turns.clear();
    this.drained.clear();
  }

  private hasRoom(bytes: number): boolean {
    const { maxMessages, maxBytes } = this.options;
    // A single message may pass the bound of bytes, or it could never be sent at all.
    return this.messages < maxMessages && (this.messages === 0 || this.heldBytes + bytes <= maxBytes);
  }

  private refuse(): false {
    this.wasFull = true;
    this.deps.telemetry.meter.count('connector_outbox_refused_total');
    return false;
  }

  /** The broker is back: whoever waits for a second try need not wait any longer. */
  private resume(): void {
    if (!this.deps.broker.ready) return;
    for (const lane of this.lanes.values()) {
      this.deps.clock.cancel(lane.retry);
      lane.retry = undefined;
      lane.attempt = 0;
      this.turns.add(lane);
    }
    this.schedule();
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
    const isTaken = this.deps.broker.publishConfirmed(entry.message, (failure) =>
      this.settled(lane, entry, failure),
    );
    if (!isTaken) return false;
    lane.markSent();
    this.inFlight += 1;
    return true;
  }

  private settled(lane: Lane, entry: Entry, failure: ConnectorError | undefined): void {
    if (this.isClosed) return;
    lane.inFlight -= 1;
    this.inFlight -= 1;
    if (failure && failure.retry !== 'never') lane.isBroken = true;
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
    const taken = lane.takeConfirmed();
    if (taken.length === 0) return;
    lane.attempt = 0;
    for (const { bytes, done } of taken) {
      this.messages -= 1;
      this.heldBytes -= bytes;
      if (done) guarded(done);
    }
    if (lane.length === 0 && this.lanes.get(lane.key) === lane) this.lanes.delete(lane.key);
    this.tellRoom();
  }

  private tellRoom(): void {
    const { maxMessages, maxBytes } = this.options;
    if (this.wasFull && this.messages < maxMessages / 2 && this.heldBytes < maxBytes / 2) {
      this.wasFull = false;
      this.drained.emit();
    }
    if (this.messages === 0) this.emptied.emit();
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
    meter.gauge('connector_outbox_depth', this.messages);
    meter.gauge('connector_outbox_bytes', this.heldBytes);
  }
}

/**
 * Encoding for AMQP is dear. The other door asks for an immediate of the same turn and goes first; of a burst
 * only a few messages are encoded before the sockets are read again.
 */
function afterOtherDoors(send: () => void): void {
  process.nextTick(() => setImmediate(send));
}
