import type { SimConnection, WsSession } from '../kit';
import type { Streams } from './streams';

type Id = number | string | null;

interface Command {
  readonly method: string;
  readonly params: readonly string[];
  readonly id: Id;
}

/** A frame that is no command, and the answer that it gets. */
interface Unreadable {
  readonly error: object;
}

const MAX_ID_LENGTH = 36;

/** One client of a `/ws` or `/stream` path. */
export class PublicSession implements WsSession {
  constructor(
    private readonly connection: SimConnection,
    private readonly streams: Streams,
    /** False on routes that carry other streams (`/public`): everything is acknowledged, nothing sent. */
    private readonly hasData: boolean,
  ) {
    for (const stream of streamsOfUrl(connection)) this.subscribe(stream);
  }

  onText(text: string): void {
    const command = readCommand(text);
    if ('error' in command) {
      this.connection.violation('badFrame', JSON.stringify(command.error));
      this.connection.answer(command.error);
      return;
    }
    this.obey(command);
  }

  private obey({ method, params, id }: Command): void {
    switch (method) {
      case 'SUBSCRIBE':
        this.connection.request(params.length);
        this.connection.answer(this.subscribeAll(params) ? { result: null, id } : tooMany(id));
        return;
      case 'UNSUBSCRIBE':
        this.connection.request(params.length);
        for (const stream of params) this.connection.unsubscribe(stream);
        this.connection.answer({ result: null, id });
        return;
      case 'LIST_SUBSCRIPTIONS':
        this.connection.answer({ result: this.connection.topics, id });
        return;
      default:
        this.connection.violation('badFrame', `method ${method.slice(0, 40)}`);
        this.connection.answer(invalid(`unknown variant \`${method.slice(0, 40)}\``, id));
    }
  }

  /** False when the connection is full; what fitted stays. */
  private subscribeAll(params: readonly string[]): boolean {
    return params.map((stream) => this.subscribe(stream)).every((isWithin) => isWithin);
  }

  /** Unknown, refused and repeated streams are acknowledged like any other. */
  private subscribe(stream: string): boolean {
    const hear = this.hasData && this.streams.prepare(stream);
    return this.connection.subscribe(stream, { hear }) !== 'full';
  }
}

/** `/ws/a/b` or `/stream?streams=a/b`. */
function streamsOfUrl({ handshake }: SimConnection): readonly string[] {
  const inPath = /\/ws\/(.+)$/.exec(handshake.path)?.[1];
  const listed = inPath === undefined ? handshake.query.get('streams') : decodeURIComponent(inPath);
  return (listed ?? '').split('/').filter((stream) => stream !== '');
}

function readCommand(text: string): Command | Unreadable {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { error: { code: 3, msg: 'Invalid JSON: expected value at line 1 column 1' } };
  }
  const { method, params, id } = (typeof frame === 'object' && frame !== null ? frame : {}) as {
    method?: unknown;
    params?: unknown;
    id?: unknown;
  };
  if (!isId(id))
    return { error: { code: 2, msg: 'Invalid request: request ID must be an unsigned integer' } };
  if (typeof method !== 'string') return { error: invalid('missing field `method`', id) };
  if (method === 'LIST_SUBSCRIPTIONS') return { method, params: [], id };
  if (!isTexts(params)) return { error: invalid('missing field `params`', id) };
  return { method, params, id };
}

function isId(id: unknown): id is Id {
  if (typeof id === 'string') return id.length <= MAX_ID_LENGTH;
  return id === null || Number.isSafeInteger(id);
}

function isTexts(params: unknown): params is readonly string[] {
  return Array.isArray(params) && params.every((one) => typeof one === 'string');
}

function invalid(problem: string, id: Id): object {
  return { code: 2, msg: `Invalid request: ${problem} at line 1 column 2`, id };
}

function tooMany(id: Id): object {
  return { error: { code: 4, msg: 'Too many subscriptions' }, id };
}
