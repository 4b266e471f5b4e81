import { ConnectorError } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import { guarded, Signal } from '../store/signal';
import type { Broker, ConsumeSpec, OutgoingMessage } from './ports';
import { topicMatches } from './topic';
import type { DeadLetter } from './verdict';
import { deadLetter, judge, replyBody } from './verdict';

interface Outgoing {
  readonly message: OutgoingMessage;
  readonly settled: ((failure?: ConnectorError) => void) | undefined;
}

interface Incoming {
  readonly body: Buffer;
  readonly replied: ((body: string) => void) | undefined;
}

interface Queue {
  spec: ConsumeSpec | undefined;
  readonly waiting: Incoming[];
  readonly inHand: Set<Promise<void>>;
}

const MAX_OUTGOING = 10_000;
const MAX_WAITING = 10_000;
const MAX_DEAD_LETTERS = 1_000;

/**
 * The broker of the demo and of unit tests: one process, no network, the semantics of the real one,
 * including that it can go away and come back.
 */
export class MemoryBroker implements Broker {
  /** For the operator; the oldest go first. */
  readonly deadLetters: DeadLetter[] = [];
  private readonly bindings = new Set<{ pattern: string; listener: (message: OutgoingMessage) => void }>();
  private readonly queues = new Map<string, Queue>();
  private readonly changed = new Signal();
  private readonly writable = new Signal();
  private outgoing: Outgoing[] = [];
  private wasFull = false;
  private isUp = true;
  private isClosed = false;

  constructor(private readonly deps: { readonly telemetry: Telemetry; readonly clock: Clock }) {}

  get ready(): boolean {
    return this.isUp && !this.isClosed;
  }

  onReady(listener: () => void): () => void {
    const unsubscribe = this.changed.add(listener);
    if (this.ready) listener();
    return unsubscribe;
  }

  onWritable(listener: () => void): () => void {
    return this.writable.add(listener);
  }

  /** Never: here no queue of user events can be deleted. */
  onQueueLost(): () => void {
    return () => undefined;
  }

  publish(message: OutgoingMessage): boolean {
    return this.enqueue({ message, settled: undefined });
  }

  publishConfirmed(message: OutgoingMessage, settled: (failure?: ConnectorError) => void): boolean {
    return this.enqueue({ message, settled });
  }

  consume(spec: ConsumeSpec): Promise<void> {
    if (this.isClosed) return Promise.reject(stopped());
    const queue = this.queueOf(spec.queue);
    queue.spec = spec;
    this.deliver(queue);
    return Promise.resolve();
  }

  async stopConsuming(): Promise<void> {
    const queues = [...this.queues.values()];
    for (const queue of queues) queue.spec = undefined;
    await Promise.all(queues.flatMap((queue) => [...queue.inHand]));
  }

  async close(): Promise<void> {
    await this.stopConsuming();
    this.goAway();
    this.isClosed = true;
    this.changed.clear();
    this.writable.clear();
    this.bindings.clear();
    this.queues.clear();
  }

  /** A binding: every published message whose routing key matches. Returns the unsubscriber. */
  received(pattern: string, listener: (message: OutgoingMessage) => void): () => void {
    const binding = { pattern, listener };
    this.bindings.add(binding);
    return () => void this.bindings.delete(binding);
  }

  /** The backend's side: a message to a consumed queue. False: the queue is full. */
  send(queueName: string, body: Buffer | string, replied?: (body: string) => void): boolean {
    const queue = this.queueOf(queueName);
    if (queue.waiting.length >= MAX_WAITING) return false;
    queue.waiting.push({ body: Buffer.from(body), replied });
    this.deliver(queue);
    return true;
  }

  /** An outage: what is not confirmed yet fails, nothing is accepted, nothing is delivered. */
  goAway(): void {
    if (!this.ready) return;
    this.isUp = false;
    this.changed.emit();
    const failure = new ConnectorError('BROKER_UNAVAILABLE', 'the broker went away');
    for (const { settled } of this.outgoing.splice(0)) if (settled) guarded(() => settled(failure));
  }

  comeBack(): void {
    if (this.isUp || this.isClosed) return;
    this.isUp = true;
    this.changed.emit();
    this.writable.emit();
    for (const queue of this.queues.values()) this.deliver(queue);
  }

  private enqueue(item: Outgoing): boolean {
    if (!this.ready) return false;
    if (this.outgoing.length >= MAX_OUTGOING) {
      this.wasFull = true;
      return false;
    }
    this.outgoing.push(item);
    // As with a real broker, nothing happens before the caller has finished.
    if (this.outgoing.length === 1) queueMicrotask(() => this.flush());
    return true;
  }

  private flush(): void {
    for (const { message, settled } of this.outgoing.splice(0)) {
      for (const { pattern, listener } of [...this.bindings]) {
        if (topicMatches(pattern, message.routingKey)) guarded(() => listener(message));
      }
      if (settled) guarded(() => settled());
    }
    if (!this.wasFull || !this.ready) return;
    this.wasFull = false;
    this.writable.emit();
  }

  private queueOf(name: string): Queue {
    let queue = this.queues.get(name);
    if (!queue) {
      queue = { spec: undefined, waiting: [], inHand: new Set() };
      this.queues.set(name, queue);
    }
    return queue;
  }

  private deliver(queue: Queue): void {
    const { spec, waiting, inHand } = queue;
    if (!spec || !this.ready) return;
    while (waiting.length > 0 && (spec.prefetch === 0 || inHand.size < spec.prefetch)) {
      const message = waiting.shift();
      if (!message) return;
      const work = this.handle(spec, message).finally(() => {
        inHand.delete(work);
        this.deliver(queue);
      });
      inHand.add(work);
    }
  }

  private async handle(spec: ConsumeSpec, { body, replied }: Incoming): Promise<void> {
    const { telemetry, clock } = this.deps;
    const { verdict, outcome } = await judge(spec, { body, redelivered: false }, telemetry.log);
    if (verdict?.kind === 'dead-letter') {
      this.deadLetters.push(deadLetter(spec.queue, body, verdict.reason, clock.now()));
      if (this.deadLetters.length > MAX_DEAD_LETTERS) this.deadLetters.shift();
    }
    telemetry.meter.count('connector_commands_total', { queue: spec.queue, outcome });
    if (replied) guarded(() => replied(replyBody(verdict)));
  }
}

function stopped(): ConnectorError {
  return new ConnectorError('STOPPED', 'the broker is closed', { retry: 'never' });
}
