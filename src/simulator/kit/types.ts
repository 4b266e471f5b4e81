import type { IncomingHttpHeaders } from 'node:http';
import type { SimConnection } from './connection';
import type { Violation } from './violations';

/** At most `count` in any window of `perMs`. */
export interface Rate {
  readonly count: number;
  readonly perMs: number;
}

/** One production origin that the simulator stands in for. */
export interface OriginSpec {
  /** As the product writes it, explicit port included: `wss://stream.binance.com:9443`. No path. */
  readonly url: string;
  /** First match wins. */
  readonly ws?: readonly WsRoute[];
  readonly http?: readonly HttpRoute[];
  readonly limits?: Limits;
  readonly heartbeat?: Heartbeat;
  /** Every connection ends at this age (ms); absent: never. */
  readonly lifeMs?: number;
  /** The venue's own "we are about to close you" frame, sent by `SimServer.notice`. */
  readonly notice?: (connection: SimConnection) => string;
  /** What the venue does about a broken rule; default: close 1008. Not called for topic rules. */
  readonly onViolation?: (violation: Violation, connection: SimConnection) => void;
}

export interface WsRoute {
  /** Below the origin: exact (`/stream`), or a prefix ending in `*` (`/ws/*`). */
  readonly path: string;
  /** Called after the handshake; may answer at once (welcome frame). */
  open(connection: SimConnection): WsSession;
}

/** One client's session; lives as long as its connection. */
export interface WsSession {
  onText(text: string): void;
  onClose?(): void;
}

export interface HttpRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Exact path below the origin, or a prefix ending in `*`. */
  readonly path: string;
  handle(request: SimRequest): SimAnswer | Promise<SimAnswer>;
}

export interface SimRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The query exactly as sent, without `?`: what signatures are made of. */
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface SimAnswer {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out unchanged; anything else as JSON. */
  readonly body: unknown;
}

/** The venue's documented limits, without any margin. */
export interface Limits {
  /** New connections of the origin. An excess dial is answered 429. */
  readonly dials?: readonly Rate[];
  /** Incoming frames of one connection: text, ping and pong together. */
  readonly messages?: readonly Rate[];
  /** Subscribe, unsubscribe and login requests of one connection (`SimConnection.request`). */
  readonly requests?: readonly Rate[];
  readonly topicsPerConnection?: number;
  /** Sum of topic texts of one connection, in bytes. */
  readonly topicBytesPerConnection?: number;
  readonly topicsPerRequest?: number;
  /** Longest incoming frame. A longer one never reaches the session. */
  readonly requestBytes?: number;
}

export type Heartbeat =
  /** The server pings by protocol frame and hangs up when the pong (same payload) stays away. */
  | { readonly kind: 'serverPing'; readonly everyMs: number; readonly deadlineMs: number }
  /**
   * The client must speak within `idleMs`. `by: 'any'`: every incoming frame counts; `'session'`: only
   * what the session reports by `connection.touch()`. `pushCounts`: data that we send counts as well.
   */
  | {
      readonly kind: 'clientPing';
      readonly idleMs: number;
      readonly by: 'any' | 'session';
      readonly pushCounts?: boolean;
    };

/** What a client sent, or was answered over HTTP: for tests that must not find it anywhere else. */
export interface Heard {
  /** As sent; empty for frames and answers. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
