import type { SimConnection, WsSession } from '../kit';
import type { CategoryFeed } from './feed';

/** Documented: spot takes at most 10 args per request. */
const SPOT_ARGS = 10;
const ECHO = 100;

interface Request {
  readonly op: string;
  readonly reqId: string;
  readonly args: unknown;
}

/** One client of a public category. */
export class PublicSession implements WsSession {
  private requests = 0;

  constructor(
    private readonly connection: SimConnection,
    private readonly feed: CategoryFeed,
  ) {}

  onText(text: string): void {
    const request = readRequest(text);
    if (request === undefined) {
      this.connection.violation('badFrame', 'no JSON object');
      return this.fail({ op: '', reqId: '' }, `Failed to decode incoming data:${text.slice(0, ECHO)}`);
    }
    switch (request.op) {
      case 'ping':
        return this.connection.control(this.answer(request, true, 'pong'));
      case 'subscribe':
        return this.subscribe(request);
      case 'unsubscribe':
        return this.unsubscribe(request);
      default:
        this.connection.violation('venue:invalidOp', request.op.slice(0, ECHO));
        return this.fail(request, 'error:invalid op');
    }
  }

  onClose(): void {
    this.feed.leaveAll(this.connection);
  }

  private subscribe(request: Request): void {
    const topics = this.topicsOf(request);
    if (!topics) return;
    const unknown = topics.find((topic) => !this.feed.knows(topic));
    if (unknown !== undefined) return this.fail(request, this.unknownText(unknown));
    const added: string[] = [];
    for (const topic of topics) {
      const problem = this.add(topic);
      if (problem !== undefined) {
        // All or nothing: one refused topic fails its request.
        for (const one of added) this.drop(one);
        return this.fail(request, problem);
      }
      added.push(topic);
    }
    this.confirm(request, added);
  }

  /** The first snapshot may overtake its ack: here it does so every second time. */
  private confirm(request: Request, added: readonly string[]): void {
    this.requests += 1;
    const isAckFirst = this.requests % 2 === 1;
    const ack = this.answer(request, true, this.isSpot ? 'subscribe' : '');
    if (isAckFirst) this.connection.answer(ack);
    this.feed.greet(added);
    if (!isAckFirst) this.connection.answer(ack);
  }

  private unsubscribe(request: Request): void {
    const topics = this.topicsOf(request);
    if (!topics) return;
    for (const topic of topics) this.drop(topic);
    this.connection.answer(this.answer(request, true, this.isSpot ? 'unsubscribe' : ''));
  }

  /** The topics of a request that keeps the limits; otherwise the refusal is sent. */
  private topicsOf(request: Request): readonly string[] | undefined {
    const { args } = request;
    if (!Array.isArray(args) || !args.every((one) => typeof one === 'string') || args.length === 0) {
      this.connection.violation('badFrame', 'args is no list of topics');
      this.fail(request, 'error:format error');
      return undefined;
    }
    if (this.isSpot && args.length > SPOT_ARGS) {
      this.connection.violation('topicsPerRequest', `${args.length} of at most ${SPOT_ARGS}`);
      this.fail(request, `args size >${SPOT_ARGS}`);
      return undefined;
    }
    return args;
  }

  /** The venue's words where it says no. */
  private add(topic: string): string | undefined {
    switch (this.connection.subscribe(topic, { hear: false })) {
      case 'ok':
        this.feed.join(topic, this.connection);
        return undefined;
      case 'duplicate':
        return `error:already subscribed,topic:${topic}`;
      case 'full':
        return 'args size >21000';
      case 'refused':
        return this.unknownText(topic);
    }
  }

  private drop(topic: string): void {
    this.connection.unsubscribe(topic);
    this.feed.leave(topic, this.connection);
  }

  private get isSpot(): boolean {
    return this.feed.category.name === 'spot';
  }

  private unknownText(topic: string): string {
    return this.isSpot ? `Invalid symbol :[${topic}]` : `error:handler not found,topic:${topic}`;
  }

  private fail(request: Pick<Request, 'op' | 'reqId'>, text: string): void {
    this.connection.answer(this.answer(request, false, text));
  }

  private answer({ op, reqId }: Pick<Request, 'op' | 'reqId'>, success: boolean, text: string): object {
    return { success, ret_msg: text, conn_id: connId(this.connection), req_id: reqId, op };
  }
}

export function connId({ id }: SimConnection): string {
  return `5e550000-0000-4000-8000-${String(id).padStart(12, '0')}`;
}

export function readRequest(text: string): Request | undefined {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof frame !== 'object' || frame === null) return undefined;
  const { op, req_id: reqId, args } = frame as Readonly<Record<string, unknown>>;
  return { op: textOf(op), reqId: textOf(reqId), args };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
