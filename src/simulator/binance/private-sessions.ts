import type { SimConnection, WsSession } from '../kit';
import { isCombined } from './streams';
import { textOf } from './spelling';

/** One client of a listen-key stream: the key in its URL is all it needs. */
export class ListenKeySession implements WsSession {
  constructor(
    private readonly connection: SimConnection,
    key: string,
  ) {
    connection.subscribe(key);
  }

  /** The usual commands are acknowledged; there is nothing to add to such a stream. */
  onText(text: string): void {
    const { id } = read(text) ?? {};
    if (id === undefined) this.connection.violation('badFrame', text.slice(0, 80));
    this.connection.answer({ result: null, id: id ?? null });
  }
}

/** `/ws/<key>`, `/ws?listenKey=<key>`, `/stream?streams=<key>`, `/stream?listenKey=<key>`. */
export function listenKeyOf({ handshake: { path, query } }: SimConnection): string | undefined {
  return query.get('listenKey') ?? query.get('streams') ?? /\/ws\/(.+)$/.exec(path)?.[1];
}

/** Enveloped on `/stream`, bare on `/ws`. */
export function listenKeyFrame(key: string, event: object): (connection: SimConnection) => string {
  const bare = textOf(event);
  const combined = textOf({ stream: key, data: event });
  return (connection) => (isCombined(connection) ? combined : bare);
}

export type Json = Readonly<Record<string, unknown>>;

/** A JSON object, else undefined. */
export function read(text: string): Json | undefined {
  try {
    const frame = JSON.parse(text) as unknown;
    return typeof frame === 'object' && frame !== null ? (frame as Json) : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
