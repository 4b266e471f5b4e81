import { randomBytes } from 'node:crypto';
import type { Clock, Timer } from '../../domain/time';
import type { SimConnection, WsSession } from '../kit';

/** Engine.IO options of the server, real ms. */
export interface PaperRules {
  /** The real server: 60 s. */
  readonly pingIntervalMs: number;
  /** The real server: 120 s. */
  readonly pingTimeoutMs: number;
  /** To join the namespace; Socket.IO's default is 45 s. */
  readonly connectTimeoutMs: number;
}

export interface PaperUsers {
  /** The user behind key and secret; undefined: there is none. */
  find(key: unknown, secret: unknown): string | undefined;
}

export interface PaperVenue {
  readonly clock: Clock;
  readonly rules: PaperRules;
  readonly users: PaperUsers;
  readonly onClose: (session: PaperSession) => void;
}

const PUSHES = { subscribeOrder: 'order', subscribeOutboundAccountInfo: 'outboundAccountInfo' } as const;
export type Push = (typeof PUSHES)[keyof typeof PUSHES];

/** Mongoose's words while its data base is away: the server passes on whatever went wrong. */
const DATABASE_AWAY = 'Operation `users.findOne()` buffering timed out after 10000ms';

/**
 * One client: Engine.IO 4 over WebSocket alone, Socket.IO 5 on the default namespace, and the two events
 * that the server listens to.
 * https://socket.io/docs/v4/engine-io-protocol/ https://socket.io/docs/v4/socket-io-protocol/
 */
export class PaperSession implements WsSession {
  private readonly joinDeadline: Timer;
  private heartbeat: Timer | undefined;
  private isJoined = false;
  private isOver = false;
  private readonly heard: Readonly<Record<Push, Set<string>>> = {
    order: new Set(),
    outboundAccountInfo: new Set(),
  };

  constructor(
    private readonly connection: SimConnection,
    private readonly venue: PaperVenue,
  ) {
    const { clock, rules } = venue;
    this.joinDeadline = clock.after(rules.connectTimeoutMs, () => this.end());
    const { query } = connection.handshake;
    if (query.get('EIO') !== '4' || query.get('transport') !== 'websocket') {
      this.fail('handshake without EIO=4 and transport=websocket');
      return;
    }
    this.connection.control(
      `0${JSON.stringify({
        sid: idText(),
        upgrades: [],
        pingInterval: rules.pingIntervalMs,
        pingTimeout: rules.pingTimeoutMs,
        maxPayload: 1_000_000,
      })}`,
    );
    this.pingLater();
  }

  onText(packet: string): void {
    const payload = packet.slice(1);
    switch (packet.charAt(0)) {
      case '3':
        return this.pingLater();
      case '4':
        return this.message(payload);
      case '1':
        return this.end();
      case '2':
        return this.fail('invalid heartbeat direction');
      default:
        return this.fail('no packet that a client may send');
    }
  }

  onClose(): void {
    this.isOver = true;
    this.venue.clock.cancel(this.joinDeadline);
    this.venue.clock.cancel(this.heartbeat);
    this.venue.onClose(this);
  }

  tell(push: Push, user: string, data: object): void {
    if (!this.isJoined || !this.heard[push].has(user)) return;
    this.connection.push(event(push, { type: 'update', data }));
  }

  // ------------------------------------------------------------------ Engine.IO

  /** Server pings, client pongs; a client that does not is hung up on. What a fault holds back, nobody owes. */
  private pingLater(): void {
    const { clock, rules } = this.venue;
    clock.cancel(this.heartbeat);
    if (this.isOver) return;
    this.heartbeat = clock.after(rules.pingIntervalMs, () => {
      if (!this.connection.push('2')) return this.pingLater();
      this.heartbeat = clock.after(rules.pingTimeoutMs, () => {
        this.connection.violation('heartbeat', 'no pong in time');
        this.end();
      });
    });
  }

  private fail(detail: string): void {
    this.connection.violation('badFrame', detail);
    this.end();
  }

  private end(): void {
    this.connection.close();
  }

  // ------------------------------------------------------------------ Socket.IO

  private message(packet: string): void {
    const [type, payload] = [packet.charAt(0), packet.slice(1)];
    const namespace = /^\/[^,]*/.exec(payload)?.[0];
    if (namespace !== undefined && namespace !== '/') return this.foreign(type, namespace);
    if (type === '0') return this.isJoined ? this.fail('joined twice') : this.join();
    if (!this.isJoined) return this.fail('packet before the namespace was joined');
    if (type === '1') this.isJoined = false;
    else if (type === '2') this.event(payload);
    else this.fail('packet of a type that the server does not expect');
  }

  private foreign(type: string, namespace: string): void {
    if (type !== '0') return this.fail('packet of a namespace that was not joined');
    this.connection.answer(`44${namespace},{"message":"Invalid namespace"}`);
  }

  private join(): void {
    this.venue.clock.cancel(this.joinDeadline);
    this.isJoined = true;
    this.connection.answer(`40${JSON.stringify({ sid: idText() })}`);
  }

  private event(payload: string): void {
    const list = parse(payload);
    const [name, body]: readonly unknown[] = Array.isArray(list) ? list : [];
    if (typeof name !== 'string') return this.fail('event is no list with a name');
    if (name !== 'subscribeOrder' && name !== 'subscribeOutboundAccountInfo') {
      this.connection.violation('venue:noSuchEvent', name.slice(0, 40));
      return;
    }
    this.subscribe(PUSHES[name], body);
  }

  // ------------------------------------------------------------------ the server's own

  /** Every trouble is told by the event itself; the socket stays. */
  private subscribe(push: Push, body: unknown): void {
    const { key, secret } = (typeof body === 'object' && body !== null ? body : {}) as Record<
      string,
      unknown
    >;
    if (!this.connection.topics.includes(push) && this.connection.subscribe(push, { hear: false }) !== 'ok') {
      return this.connection.answer(event(push, { type: 'error', error: DATABASE_AWAY }));
    }
    const user = this.venue.users.find(key, secret);
    if (user === undefined) {
      return this.connection.answer(event(push, { type: 'error', error: 'User not found' }));
    }
    this.heard[push].add(user);
    this.connection.answer(event(push, { type: 'info', info: 'subscribed' }));
  }
}

function event(name: string, body: object): string {
  return `42${JSON.stringify([name, body])}`;
}

function idText(): string {
  return randomBytes(15).toString('base64url');
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
