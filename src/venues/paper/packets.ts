/**
 * Packets of Engine.IO 4 with those of Socket.IO 5 (server 3 and 4) inside, as the server sends them on its
 * default namespace. Pure.
 * https://socket.io/docs/v4/engine-io-protocol/ https://socket.io/docs/v4/socket-io-protocol/
 */
export type Packet =
  /** The server promises a ping every `pingInterval` ms, and gives itself `pingTimeout` ms to be late. */
  | { readonly kind: 'open'; readonly pingInterval: number; readonly pingTimeout: number }
  | { readonly kind: 'ping' }
  /** The session is over. */
  | { readonly kind: 'close' }
  /** We are in the namespace. */
  | { readonly kind: 'connected' }
  /** We are not, or no more. */
  | { readonly kind: 'connectError' | 'disconnected' }
  | { readonly kind: 'event'; readonly name: string; readonly body: unknown }
  | { readonly kind: 'noop' }
  | { readonly kind: 'unknown'; readonly note: string };

/** What we say. */
export const CONNECT = '40';
export const PONG = '3';

export function eventFrame(name: string, body: object): string {
  return `42${JSON.stringify([name, body])}`;
}

export function readPacket(text: string): Packet {
  switch (text.charAt(0)) {
    case '0':
      return readOpen(text.slice(1));
    case '1':
      return { kind: 'close' };
    case '2':
      return { kind: 'ping' };
    case '4':
      return readMessage(text.slice(1));
    case '6':
      return { kind: 'noop' };
    default:
      return unknown('no packet of the protocol');
  }
}

/** {"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":60000,"pingTimeout":120000,"maxPayload":1000000} */
function readOpen(json: string): Packet {
  const { pingInterval, pingTimeout } = (parse(json) ?? {}) as Readonly<Record<string, unknown>>;
  if (!isPeriod(pingInterval) || !isPeriod(pingTimeout)) return unknown('handshake without its periods');
  return { kind: 'open', pingInterval, pingTimeout };
}

/** A message's type, its namespace where it is not the default one, the id of a wanted ack, JSON. */
function readMessage(text: string): Packet {
  const [type, rest] = [text.charAt(0), text.slice(1)];
  if (rest.startsWith('/')) return unknown('packet of another namespace');
  switch (type) {
    case '0':
      return { kind: 'connected' };
    case '1':
      return { kind: 'disconnected' };
    case '2':
      return readEvent(rest.replace(/^\d+/, ''));
    case '4':
      return { kind: 'connectError' };
    default:
      return unknown('message of a type that was not asked for');
  }
}

/** ["order",{"type":"info","info":"subscribed"}] */
function readEvent(json: string): Packet {
  const event = parse(json);
  if (!Array.isArray(event)) return unknown('event is no JSON list');
  const [name, body] = event as readonly unknown[];
  if (typeof name !== 'string') return unknown('event without a name');
  return { kind: 'event', name, body };
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json) as unknown;
  } catch {
    return undefined; // told apart from every JSON value, and answered with `unknown`
  }
}

/** A timer's length: a day is far more than anybody waits for a ping. */
function isPeriod(value: unknown): value is number {
  return typeof value === 'number' && value > 0 && value <= 86_400_000;
}

function unknown(note: string): Packet {
  return { kind: 'unknown', note };
}
