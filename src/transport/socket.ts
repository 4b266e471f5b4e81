import WebSocket from 'ws';
import type { IncomingMessage } from 'node:http';
import { errorText } from '../domain/errors';
import type { Clock, Timer } from '../domain/time';

export interface SocketOptions {
  readonly url: string;
  /** From the dial to the upgrade, name lookup, TCP and TLS included. */
  readonly handshakeTimeoutMs: number;
  /** Larger incoming frames end the connection (close 1009). */
  readonly frameBytes: number;
  readonly maxBufferedBytes: number;
}

export interface SocketEnd {
  /** Stable word for metrics and logs: `http_429`, `close_1013`, `timeout`, `refused`, ... */
  readonly reason: string;
  readonly detail: string;
  readonly wasOpen: boolean;
  /** How long the host wants to be left alone: Retry-After of a refused handshake. */
  readonly retryAfterMs?: number;
}

export interface SocketEvents {
  onOpen(): void;
  onFrame(frame: string): void;
  /** Ping or pong of the protocol: the link lives. */
  onSignal(): void;
  /** Exactly once, unless `hangUp` came first. */
  onEnd(end: SocketEnd): void;
}

export interface Socket {
  /** False: not sent, the send buffer is over its bound or the socket is not open. */
  send(frame: string): boolean;
  ping(): void;
  /** Ends the connection; no event follows. */
  hangUp(): void;
}

const CLOSE_GRACE_MS = 2_000;
/** The longest ban that is documented anywhere (Binance, HTTP 418). */
const MAX_RETRY_AFTER_MS = 72 * 3_600_000;
/** Answers that mean "too many": without a time the host is left alone for this long. */
const TOO_MANY: ReadonlySet<number> = new Set([418, 429]);
const TOO_MANY_PAUSE_MS = 60_000;

/** One dial. Never throws: whatever goes wrong arrives at `onEnd`. */
export function dial(options: SocketOptions, events: SocketEvents, clock: Clock): Socket {
  let isOver = false;
  let wasOpen = false;
  const end = (reason: string, detail: string, retryAfterMs?: number): void => {
    if (isOver) return;
    isOver = true;
    settle();
    socket?.terminate();
    events.onEnd({ reason, detail, wasOpen, ...(retryAfterMs !== undefined && { retryAfterMs }) });
  };
  let deadline: Timer | undefined = clock.after(options.handshakeTimeoutMs, () =>
    end('timeout', 'no upgrade in time'),
  );
  // An ended timer is not held on to: it would stay as long as the connection.
  const settle = (): void => {
    clock.cancel(deadline);
    deadline = undefined;
  };
  const socket = open(options, () => queueMicrotask(() => end('bad_url', 'not a WebSocket URL')));

  socket?.on('open', () => {
    if (isOver) return;
    wasOpen = true;
    settle();
    events.onOpen();
  });
  socket?.on('message', (data) => {
    if (!isOver) events.onFrame(textOf(data));
  });
  socket?.on('ping', () => !isOver && events.onSignal());
  socket?.on('pong', () => !isOver && events.onSignal());
  socket?.on('unexpected-response', (_request, response) => {
    response.resume();
    end(`http_${response.statusCode ?? 0}`, 'handshake refused', pauseAsked(response, clock.now()));
  });
  // 'close' follows every error; an error before it only tells more.
  socket?.on('error', (error) => end(reasonOf(error), errorText(error)));
  socket?.on('close', (code, reason) => end(`close_${code}`, reason.toString('utf8').slice(0, 120)));

  return {
    send(frame) {
      if (isOver || socket?.readyState !== WebSocket.OPEN) return false;
      if (socket.bufferedAmount > options.maxBufferedBytes) {
        end('send_buffer_full', 'the peer does not read');
        return false;
      }
      socket.send(frame);
      return true;
    },
    ping() {
      if (!isOver && socket?.readyState === WebSocket.OPEN) socket.ping();
    },
    hangUp() {
      if (isOver) return;
      isOver = true;
      settle();
      if (socket) closeOrCut(socket, clock);
    },
  };
}

/** The error is not passed on: its text holds the URL, and that may hold a token. */
function open(options: SocketOptions, onBadUrl: () => void): WebSocket | undefined {
  try {
    return new WebSocket(options.url, {
      maxPayload: options.frameBytes,
      perMessageDeflate: false,
      // Codecs validate what they use; checking every byte twice costs a tenth of a core at 50k/s.
      skipUTF8Validation: true,
      followRedirects: false,
    });
  } catch {
    onBadUrl();
    return undefined;
  }
}

/** A polite close; a peer that does not answer is cut after a grace. */
function closeOrCut(socket: WebSocket, clock: Clock): void {
  if (socket.readyState !== WebSocket.OPEN) {
    socket.terminate();
    return;
  }
  const cut = clock.after(CLOSE_GRACE_MS, () => socket.terminate());
  socket.once('close', () => clock.cancel(cut));
  socket.close(1000);
}

function textOf(data: WebSocket.RawData): string {
  if (Buffer.isBuffer(data)) return data.toString('utf8');
  return Array.isArray(data) ? Buffer.concat(data).toString('utf8') : Buffer.from(data).toString('utf8');
}

function reasonOf(error: Error): string {
  const code: unknown = 'code' in error ? error.code : undefined;
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'frame_too_large';
  return typeof code === 'string' ? code.toLowerCase() : 'error';
}

function pauseAsked(response: IncomingMessage, now: number): number | undefined {
  const isTooMany = TOO_MANY.has(response.statusCode ?? 0);
  return retryAfter(response, now) ?? (isTooMany ? TOO_MANY_PAUSE_MS : undefined);
}

/** Seconds or an HTTP date; anything else is ignored. */
export function retryAfter(response: Pick<IncomingMessage, 'headers'>, now: number): number | undefined {
  const header = response.headers['retry-after'];
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now;
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, MAX_RETRY_AFTER_MS) : undefined;
}
