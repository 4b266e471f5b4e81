import { z } from 'zod';
import type { SimConnection, Violation, WsSession } from '../kit';
import { topicOf } from './frames';

/** The two public URLs; each serves its own channels only. */
export type Path = 'public' | 'business';

export interface Channels {
  /** `heard` and `silent`: the channel exists on this path and instrument; `silent` never has data. */
  lookUp(path: Path, arg: Arg): 'heard' | 'silent' | 'otherPath' | 'unknown';
  /** Data is wanted from now on. */
  wanted(arg: Arg): void;
}

const Arg = z.object({ channel: z.string(), instId: z.string() });
type Arg = z.infer<typeof Arg>;

/** https://www.okx.com/docs-v5/en/#overview-websocket-subscribe */
const Request = z.object({
  id: z
    .string()
    .regex(/^[a-zA-Z0-9]{1,32}$/)
    .optional(),
  op: z.enum(['subscribe', 'unsubscribe']),
  args: z.array(z.unknown()),
});
type Request = z.infer<typeof Request>;

const DOCUMENT = 'Please use the correct URL, channel and parameters referring to API document.';

/** One client on a public URL. */
export class PublicSession implements WsSession {
  private readonly connId: string;
  private readonly topics = new Set<string>();

  constructor(
    private readonly connection: SimConnection,
    private readonly path: Path,
    private readonly channels: Channels,
    private readonly onEnd: () => void,
  ) {
    this.connId = connIdOf(connection);
  }

  onText(text: string): void {
    this.connection.touch();
    if (text === 'ping') {
      this.connection.control('pong');
      return;
    }
    const request = Request.safeParse(parse(text));
    if (request.success) this.perform(request.data);
    else this.malformed(text);
  }

  onClose(): void {
    this.onEnd();
  }

  get topicCount(): number {
    return this.topics.size;
  }

  private perform({ id, op, args }: Request): void {
    const broken: Violation | undefined = this.connection.request(args.length);
    if (broken) {
      this.error(id, '60014', 'Requests too frequent.');
      return;
    }
    const parsed = z.array(Arg).nonempty().safeParse(args);
    if (!parsed.success) {
      this.connection.violation('badFrame', 'args without channel or instId');
      this.error(id, '60013', 'Invalid args.');
      return;
    }
    for (const arg of parsed.data) {
      if (op === 'subscribe') this.subscribe(id, arg);
      else this.unsubscribe(id, arg);
    }
  }

  /** One answer per arg; a bad one does not spoil its neighbours. */
  private subscribe(id: string | undefined, arg: Arg): void {
    const topic = topicOf(arg.channel, arg.instId);
    const found = this.channels.lookUp(this.path, arg);
    if (found === 'otherPath') this.connection.violation('venue:wrongUrl', `${topic} on ${this.path}`);
    if (found === 'otherPath' || found === 'unknown') {
      this.missing(id, arg);
      return;
    }
    // Asking again is allowed, and answered again.
    if (!this.topics.has(topic)) {
      if (this.connection.subscribe(topic, { hear: found === 'heard' }) === 'refused') {
        this.missing(id, arg);
        return;
      }
      this.topics.add(topic);
      if (found === 'heard') this.channels.wanted(arg);
    }
    this.answer(id, { event: 'subscribe', arg });
  }

  private unsubscribe(id: string | undefined, arg: Arg): void {
    const topic = topicOf(arg.channel, arg.instId);
    this.topics.delete(topic);
    this.connection.unsubscribe(topic);
    this.answer(id, { event: 'unsubscribe', arg });
  }

  private missing(id: string | undefined, { channel, instId }: Arg): void {
    this.error(id, '60018', `Wrong URL or channel:${channel},instId:${instId} doesn't exist. ${DOCUMENT}`);
  }

  private malformed(text: string): void {
    this.connection.violation('badFrame', 'no request');
    this.error(undefined, '60012', `Invalid request: ${text.slice(0, 200)}`);
  }

  private error(id: string | undefined, code: string, msg: string): void {
    this.answer(id, { event: 'error', msg, code });
  }

  private answer(id: string | undefined, frame: object): void {
    this.connection.answer({ ...(id === undefined ? {} : { id }), ...frame, connId: this.connId });
  }
}

export function connIdOf({ id }: SimConnection): string {
  return id.toString(16).padStart(8, '0');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
