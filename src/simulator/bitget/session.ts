import { z } from 'zod';
import type { SimConnection, WsSession } from '../kit';
import { topicOf, type Arg } from './channels';

/** What there is to subscribe to. */
export interface Channels {
  /** `silent`: the channel exists and never has data. */
  lookUp(arg: Arg): 'heard' | 'silent' | 'unknown';
  /** Data is wanted from now on; may push the first frame. */
  begin(connection: SimConnection, arg: Arg): void;
}

const ArgShape = z.object({
  instType: z.string(),
  channel: z.string(),
  instId: z.string(),
}) satisfies z.ZodType<Arg>;

const RequestShape = z.object({ op: z.string(), args: z.array(ArgShape).nonempty() });

/** https://www.bitget.com/api-doc/common/websocket-intro */
const CODES = {
  noTopic: 30_001,
  illegalRequest: 30_002,
  invalidOp: 30_003,
  tooMany: 30_006,
  overLimit: 30_007,
  badParameter: 30_016,
} as const;

const POLICY_VIOLATION = 1008;

type Subscribed = ReturnType<SimConnection['subscribe']>;

/** One client on the public URL. */
export class PublicSession implements WsSession {
  private readonly topics = new Set<string>();

  constructor(
    private readonly connection: SimConnection,
    private readonly channels: Channels,
  ) {}

  onText(text: string): void {
    if (text === 'ping') {
      // Only this keeps a connection alive: neither requests nor WebSocket pings do.
      this.connection.touch();
      this.connection.control('pong');
      return;
    }
    const frame = parse(text);
    if (frame === undefined) {
      this.malformed(CODES.illegalRequest, 'Illegal request');
      return;
    }
    const request = RequestShape.safeParse(frame);
    if (request.success) this.perform(request.data);
    else this.malformed(CODES.badParameter, 'Param error');
  }

  private perform({ op, args }: z.infer<typeof RequestShape>): void {
    if (op !== 'subscribe' && op !== 'unsubscribe') {
      this.malformed(CODES.invalidOp, 'Invalid op');
      return;
    }
    if (this.connection.request(args.length)) {
      this.error(CODES.tooMany, 'request too many');
      return;
    }
    for (const arg of args) {
      if (op === 'subscribe') this.subscribe(arg);
      else this.unsubscribe(arg);
    }
  }

  /** One answer per arg; a bad one does not spoil its neighbours. */
  private subscribe(arg: Arg): void {
    const found = this.channels.lookUp(arg);
    const result = found === 'unknown' ? 'refused' : this.add(topicOf(arg), found === 'heard');
    if (result === 'full') {
      this.error(CODES.overLimit, 'over limit');
      this.connection.close(POLICY_VIOLATION, 'over limit');
    } else if (result === 'refused') this.missing(arg);
    else {
      this.connection.answer({ event: 'subscribe', arg });
      if (found === 'heard') this.channels.begin(this.connection, arg);
    }
  }

  /** Asking again is allowed: it is answered, and begun, again. */
  private add(topic: string, hear: boolean): Subscribed {
    if (this.topics.has(topic)) return 'ok';
    const result = this.connection.subscribe(topic, { hear });
    if (result === 'ok') this.topics.add(topic);
    return result;
  }

  private unsubscribe(arg: Arg): void {
    this.topics.delete(topicOf(arg));
    this.connection.unsubscribe(topicOf(arg));
    this.connection.answer({ event: 'unsubscribe', arg });
  }

  private missing(arg: Arg): void {
    const { instType, channel, instId } = arg;
    const msg = `instType:${instType},channel:${channel},instId:${instId} doesn't exist`;
    this.connection.answer({ event: 'error', arg, code: CODES.noTopic, msg, op: 'subscribe' });
  }

  private malformed(code: number, msg: string): void {
    this.connection.violation('badFrame', msg);
    this.error(code, msg);
  }

  /** Says nothing of what it is about. */
  private error(code: number, msg: string): void {
    this.connection.answer({ event: 'error', code, msg });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
