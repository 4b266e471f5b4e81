import { z } from 'zod';
import type { Clock, Timer } from '../../domain/time';
import type { SimConnection, WsSession } from '../kit';
import type { PrivateSession, PrivateStreams } from './private';
import type { Owner } from './private-keys';
import type { Side } from './side';

/** https://www.kucoin.com/docs-new/websocket-api/base-info/introduction */
const Request = z.object({
  id: z.union([z.string(), z.number()]),
  type: z.string(),
  topic: z.string().optional(),
  privateChannel: z.boolean().optional(),
  response: z.boolean().optional(),
});
type Request = z.infer<typeof Request>;
type Id = Request['id'];

export interface SessionWorld {
  readonly clock: Clock;
  readonly side: Side;
  /** From the handshake to the welcome frame (real ms). */
  readonly welcomeDelayMs: number;
  readonly streams: PrivateStreams;
  /** The venue's clock, epoch ms. */
  now(): number;
}

/** One client that came with a good token; `owner`: a private one, which serves public topics as well. */
export class ClientSession implements WsSession {
  private readonly topics = new Set<string>();
  private readonly welcome: Timer;
  private readonly leave: (() => void) | undefined;
  private isWelcome = false;

  constructor(
    private readonly connection: SimConnection,
    private readonly world: SessionWorld,
    private readonly owner: Owner | undefined,
  ) {
    this.leave = owner && world.streams.add(this.privateSide(owner));
    this.welcome = world.clock.after(world.welcomeDelayMs, () => {
      this.isWelcome = true;
      connection.control({ id: connectIdOf(connection), type: 'welcome' });
    });
  }

  onClose(): void {
    this.leave?.();
    this.world.clock.cancel(this.welcome);
  }

  onText(text: string): void {
    // Seen on the real servers: what comes too early is lost (altangent/ccxws#207).
    if (!this.isWelcome) {
      this.connection.violation('venue:beforeWelcome', `${text.length} characters`);
      return;
    }
    const request = Request.safeParse(parse(text));
    if (request.success) this.perform(request.data);
    else {
      this.connection.violation('badFrame', 'no request');
      this.connection.answer({ type: 'error', code: 400, data: 'invalid message' });
    }
  }

  private privateSide(owner: Owner): PrivateSession {
    const { connection } = this;
    return {
      owner,
      hears: (topic) => this.topics.has(topic),
      push: (frame) => void connection.push(frame),
      cut: () => connection.terminate(),
    };
  }

  private perform(request: Request): void {
    switch (request.type) {
      case 'ping':
        this.connection.touch();
        this.connection.control({ id: request.id, type: 'pong', timestamp: this.world.now() });
        return;
      case 'subscribe':
        return this.change(request, (topics) => this.subscribe(request.id, topics));
      case 'unsubscribe':
        return this.change(request, (topics) => this.unsubscribe(topics));
      default:
        this.connection.violation('badFrame', 'unknown type');
        this.error(request.id, 415, `type ${request.type} is not supported`);
    }
  }

  private change(
    { id, topic, privateChannel, response }: Request,
    act: (topics: readonly string[]) => boolean,
  ): void {
    if (topic === undefined || topic === '') return this.error(id, 406, 'topic is required');
    const topics = expand(topic);
    const isPrivate = privateChannel === true || topics.some((one) => this.isPrivate(one));
    if (isPrivate && !this.owner) {
      this.connection.violation('venue:privateTopic', topic);
      return this.error(id, 403, 'login is required');
    }
    const broken = this.connection.request(topics.length);
    if (broken) return this.error(id, 509, 'exceed max subscription count limitation of 100 per time');
    if (act(topics) && response === true) this.connection.answer({ id, type: 'ack' });
  }

  private isPrivate(topic: string): boolean {
    return this.world.side.lookUp(topic) === 'private';
  }

  /** All or nothing: whether one bad name spoils its neighbours is not documented. */
  private subscribe(id: Id, topics: readonly string[]): boolean {
    const { side } = this.world;
    const missing = topics.find((topic) => side.lookUp(topic) === 'unknown');
    if (missing !== undefined) {
      this.error(id, 404, `topic ${missing} is not found`);
      return false;
    }
    const added: string[] = [];
    for (const topic of topics) {
      // Asking again is allowed, and answered again.
      if (this.topics.has(topic)) continue;
      const isHeard = side.lookUp(topic) === 'heard';
      const result = this.connection.subscribe(topic, { hear: isHeard });
      if (result !== 'ok') {
        this.unsubscribe(added);
        this.refuse(id, topic, result);
        return false;
      }
      added.push(topic);
      this.topics.add(topic);
      if (isHeard) side.wanted(topic);
    }
    return true;
  }

  private refuse(id: Id, topic: string, result: 'refused' | 'full' | 'duplicate'): void {
    if (result === 'full') this.error(id, 509, 'exceed max subscription count limitation of 400 per session');
    else this.error(id, 404, `topic ${topic} is not found`);
  }

  private unsubscribe(topics: readonly string[]): boolean {
    for (const topic of topics) {
      this.topics.delete(topic);
      this.connection.unsubscribe(topic);
    }
    return true;
  }

  private error(id: Id, code: number, data: string): void {
    this.connection.answer({ id, type: 'error', code, data });
  }
}

export function connectIdOf({ handshake, id }: SimConnection): string {
  return handshake.query.get('connectId') ?? `sim-${id}`;
}

/** `/market/candles:A_1min,B_1min` -> one topic each. */
function expand(topic: string): readonly string[] {
  const colon = topic.indexOf(':');
  if (colon < 0) return [topic];
  const channel = topic.slice(0, colon);
  return topic
    .slice(colon + 1)
    .split(',')
    .map((item) => `${channel}:${item}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
