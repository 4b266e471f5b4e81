import type { IncomingHttpHeaders } from 'node:http';
import type { RawData, WebSocket } from 'ws';
import type { Clock, Timer } from '../../domain/time';
import type { Faults } from './faults';
import { spoil } from './faults';
import { HeartbeatWatch } from './heartbeat';
import type { SimOrigin } from './origin';
import { TopicBook, type Subscribed } from './topic-book';
import type { WsSession } from './types';
import type { Rule, Violation } from './violations';
import { WindowLimit } from './violations';

/** Data frames are skipped, and counted, while the client reads slower than this (bytes). */
const MAX_BUFFERED = 8 * 1_024 * 1_024;
const POLICY_VIOLATION = 1008;

export interface Handshake {
  /** Below the origin. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
}

/** One accepted client. Faults and limits of its origin apply to everything that goes through it. */
export class SimConnection {
  readonly openedAt: number;
  /** Settles when the connection is gone and its timers are. */
  readonly ended: Promise<void>;
  private session: WsSession | undefined;
  private faults: Faults;
  private pushed = 0;
  private readonly messages: WindowLimit;
  private readonly requests: WindowLimit;
  private readonly book: TopicBook;
  private readonly timers = new Set<Timer>();
  private readonly heartbeat: HeartbeatWatch;

  constructor(
    readonly id: number,
    readonly origin: SimOrigin,
    readonly handshake: Handshake,
    private readonly socket: WebSocket,
    private readonly clock: Clock,
  ) {
    const { limits = {}, heartbeat, lifeMs } = origin.spec;
    this.openedAt = clock.now();
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        this.end();
        resolve();
      });
    });
    this.messages = new WindowLimit(limits.messages ?? []);
    this.requests = new WindowLimit(limits.requests ?? []);
    this.book = new TopicBook(limits);
    this.faults = origin.faultsOf(id);
    this.heartbeat = new HeartbeatWatch(heartbeat, clock, {
      ping: (payload) => this.isReachable() && this.socket.ping(payload),
      isReachable: () => this.isReachable(),
      onMissing: (detail) => this.react(this.violation('heartbeat', detail)),
    });
    if (lifeMs !== undefined) this.after(lifeMs, () => this.expire());
  }

  /** Called once by the origin. */
  begin(open: (connection: SimConnection) => WsSession): void {
    this.socket.on('message', (data, isBinary) => this.receive(data, isBinary));
    this.socket.on('ping', (data) => {
      if (this.admit(data.length) && this.isReachable()) this.socket.pong(data);
    });
    this.socket.on('pong', (data) => {
      if (this.admit(data.length)) this.heartbeat.onPong(data.toString());
    });
    // `close` always follows; a reset by the client is no news.
    this.socket.on('error', () => this.terminate());
    this.applyFaults();
    this.session = open(this);
  }

  // ------------------------------------------------------------------ what sessions use

  /** Answer to a request (ack, error, login): subject to `ackDelayMs`, `withholdAcks`. */
  answer(frame: string | object): void {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    if (this.faults.withholdAcks) return;
    if (this.faults.ackDelayMs) this.after(this.faults.ackDelayMs, () => this.write(text));
    else this.write(text);
  }

  /** Welcome, pong and notice frames: nothing but `halfOpen` stops them. */
  control(frame: string | object): void {
    this.write(typeof frame === 'string' ? frame : JSON.stringify(frame));
  }

  /** Market or account data. False: not sent (stalled, half-open, or the client reads too slowly). */
  push(frame: string): boolean {
    const { stall, garble } = this.faults;
    if (stall || !this.isReachable()) return false;
    if (this.socket.bufferedAmount > MAX_BUFFERED) {
      this.origin.stats.skipped += 1;
      return false;
    }
    this.pushed += 1;
    this.write(garble && this.pushed % garble.every === 0 ? spoil(frame, garble) : frame);
    this.heartbeat.onPush();
    return true;
  }

  /** Checks one subscribe / unsubscribe / login request against the limits; records what it breaks. */
  request(topicCount: number): Violation | undefined {
    if (this.requests.take(this.clock.monotonic()) > 0) {
      return this.violation('requests', `${topicCount} topics`);
    }
    const most = this.origin.spec.limits?.topicsPerRequest ?? Infinity;
    return topicCount > most
      ? this.violation('topicsPerRequest', `${topicCount} of at most ${most}`)
      : undefined;
  }

  /**
   * Adds a topic. `duplicate` and `full` are recorded and change nothing; `refused`: a fault wants the
   * venue to say no. `hear: false` keeps the topic in the book without ever sending data for it.
   */
  subscribe(topic: string, { hear = true }: { hear?: boolean } = {}): Subscribed {
    if (this.faults.refuseTopics?.includes(topic)) return 'refused';
    const result = this.book.add(topic);
    if (result.kind === 'broken') {
      this.violation(result.rule, topic);
      return result.rule === 'duplicateTopic' ? 'duplicate' : 'full';
    }
    if (hear) this.origin.listen(topic, this);
    return 'ok';
  }

  /** False: it was not subscribed. */
  unsubscribe(topic: string): boolean {
    this.origin.unlisten(topic, this);
    return this.book.remove(topic);
  }

  get topics(): readonly string[] {
    return this.book.list();
  }

  /** For `heartbeat.by: 'session'`: the client said what the venue wants to hear. */
  touch(): void {
    this.heartbeat.onClient();
  }

  /** Records that the client broke a rule; the session decides what follows. */
  violation(rule: Rule, detail: string): Violation {
    const violation: Violation = {
      rule,
      origin: this.origin.url,
      connection: this.id,
      at: this.clock.now(),
      detail,
    };
    this.origin.violations.add(violation);
    return violation;
  }

  close(code = 1000, reason = ''): void {
    this.socket.close(code, reason);
  }

  /** No close frame, like a lost link. */
  terminate(): void {
    this.socket.terminate();
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  // ------------------------------------------------------------------ what the server uses

  expire(): void {
    this.close(1001, 'connection age limit');
  }

  applyFaults(): void {
    this.faults = this.origin.faultsOf(this.id);
    if (this.faults.halfOpen) this.socket.pause();
    else this.socket.resume();
  }

  private isReachable(): boolean {
    return this.isOpen && !this.faults.halfOpen;
  }

  private receive(data: RawData, isBinary: boolean): void {
    const text = rawText(data);
    if (!this.admit(Buffer.byteLength(text))) return;
    if (isBinary) {
      this.react(this.violation('badFrame', 'binary frame'));
      return;
    }
    this.session?.onText(text);
  }

  /** True when the frame may be looked at. */
  private admit(bytes: number): boolean {
    if (!this.isOpen) return false;
    this.origin.stats.framesIn += 1;
    this.heartbeat.onFrame();
    if (this.messages.take(this.clock.monotonic()) > 0) {
      this.react(this.violation('messages', `${bytes} bytes`));
      return false;
    }
    const most = this.origin.spec.limits?.requestBytes ?? Infinity;
    if (bytes <= most) return true;
    this.react(this.violation('requestBytes', `${bytes} of at most ${most} bytes`));
    return false;
  }

  private react(violation: Violation): void {
    const { onViolation } = this.origin.spec;
    if (onViolation) onViolation(violation, this);
    else this.close(POLICY_VIOLATION, violation.rule);
  }

  private write(frame: string | Buffer): void {
    if (!this.isReachable()) return;
    this.origin.stats.framesOut += 1;
    this.origin.stats.bytesOut += Buffer.byteLength(frame);
    this.socket.send(frame);
  }

  private after(delayMs: number, run: () => void): void {
    const timer = this.clock.after(delayMs, () => {
      this.timers.delete(timer);
      run();
    });
    this.timers.add(timer);
  }

  private end(): void {
    for (const timer of this.timers) this.clock.cancel(timer);
    this.timers.clear();
    this.heartbeat.stop();
    for (const topic of this.book.list()) this.origin.unlisten(topic, this);
    this.origin.forget(this);
    this.session?.onClose?.();
  }
}

function rawText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString();
  return Buffer.from(data as Uint8Array).toString();
}
