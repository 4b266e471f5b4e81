import { z } from 'zod';
import type { AccountBook, SimConnection, WsSession } from '../kit';
import { topicOf, type Arg } from './channels';
import { ALL, exchangeOfLine, UNIFIED, wireArg, type Listener, type PrivateFeed } from './private-feed';
import { checkLogin, type Holder } from './private-keys';

const LoginShape = z.object({
  op: z.literal('login'),
  args: z.tuple([
    z.object({ apiKey: z.string(), passphrase: z.string(), timestamp: z.string(), sign: z.string() }),
  ]),
});

/** `instId` of orders, `coin` of balances; each is wanted where it belongs, and nowhere else. */
const ClassicArg = z.union([
  z.object({ instType: z.string(), channel: z.literal('account'), coin: z.string() }).strict(),
  z
    .object({
      instType: z.string(),
      channel: z.string().refine((channel) => channel !== 'account'),
      instId: z.string(),
    })
    .strict(),
]);
const UnifiedArg = z.object({ instType: z.string(), topic: z.string() });

const RequestShape = z.object({ op: z.string(), args: z.array(z.unknown()).nonempty() });

const CODES = {
  noTopic: 30_001,
  illegalRequest: 30_002,
  invalidOp: 30_003,
  notLoggedIn: 30_004,
  tooMany: 30_006,
  badParameter: 30_016,
} as const;

const POLICY_VIOLATION = 1008;
const CLASSIC_CHANNELS: ReadonlySet<string> = new Set([
  'orders',
  'account',
  'positions',
  'fill',
  'orders-algo',
]);
const UNIFIED_TOPICS: ReadonlySet<string> = new Set(['order', 'account', 'position', 'fill']);
/** Demo products of the classic API: known, and nobody trades them here. */
const DEMO_LINES: ReadonlySet<string> = new Set(['SUSDT-FUTURES', 'SUSDC-FUTURES', 'SCOIN-FUTURES']);

export interface PrivateWorld {
  readonly accounts: AccountBook;
  readonly feed: PrivateFeed;
  /** Epoch ms by the venue. */
  now(): number;
}

/** One client on a private URL, classic or unified. */
export class PrivateSession implements WsSession, Listener {
  private holder: Holder | undefined;
  private readonly topics = new Set<string>();

  constructor(
    private readonly connection: SimConnection,
    private readonly world: PrivateWorld,
    private readonly isUnified: boolean,
  ) {
    world.feed.join(this);
  }

  get key(): string | undefined {
    return this.holder?.key;
  }

  has(topic: string): boolean {
    return this.topics.has(topic);
  }

  push(frame: string): void {
    this.connection.push(frame);
  }

  /** What a client hears of a deleted key is not documented: here its connection ends. */
  end(): void {
    this.holder = undefined;
    this.connection.close(POLICY_VIOLATION, 'key deleted');
  }

  onClose(): void {
    this.world.feed.leave(this);
  }

  onText(text: string): void {
    if (text === 'ping') {
      this.connection.touch();
      this.connection.control('pong');
      return;
    }
    const frame = parse(text);
    const login = LoginShape.safeParse(frame);
    const request = RequestShape.safeParse(frame);
    if (frame === undefined) this.malformed(CODES.illegalRequest, 'Illegal request');
    else if (login.success) this.login(login.data.args[0]);
    else if (request.success) this.perform(request.data);
    else this.malformed(CODES.badParameter, 'Param error');
  }

  /** A refused client is shown the door. */
  private login(arg: z.infer<typeof LoginShape>['args'][0]): void {
    const result = checkLogin(this.world.accounts, arg, this.world.now(), this.isUnified);
    if ('code' in result) {
      this.connection.answer({ event: 'error', ...result });
      this.connection.close(POLICY_VIOLATION, 'login failed');
      return;
    }
    this.holder = result;
    // Both spellings of the code are seen in the wild.
    this.connection.answer({ event: 'login', code: this.isUnified ? '0' : 0, msg: '' });
  }

  private perform({ op, args }: z.infer<typeof RequestShape>): void {
    if (op !== 'subscribe' && op !== 'unsubscribe') {
      this.malformed(CODES.invalidOp, 'Invalid op');
      return;
    }
    if (this.connection.request(args.length)) {
      this.connection.answer({ event: 'error', code: CODES.tooMany, msg: 'request too many' });
      return;
    }
    for (const one of args) {
      const arg = this.argOf(one);
      if (arg === undefined) this.malformed(CODES.badParameter, 'Param error');
      else if (op === 'subscribe') this.subscribe(arg);
      else this.unsubscribe(arg);
    }
  }

  private argOf(given: unknown): Arg | undefined {
    if (this.isUnified) {
      const arg = UnifiedArg.safeParse(given);
      return arg.success ? { instType: arg.data.instType, channel: arg.data.topic, instId: ALL } : undefined;
    }
    const arg = ClassicArg.safeParse(given);
    if (!arg.success) return undefined;
    const { instType, channel } = arg.data;
    return { instType, channel, instId: 'coin' in arg.data ? arg.data.coin : arg.data.instId };
  }

  private subscribe(arg: Arg): void {
    const { holder } = this;
    if (!holder) {
      this.refuse(arg, CODES.notLoggedIn, 'User not logged in / User must be connected');
      return;
    }
    const topic = topicOf(arg);
    if (!this.isKnown(arg) || !this.add(topic)) {
      const { instType, channel, instId } = arg;
      const msg = `instType:${instType},channel:${channel},instId:${instId} doesn't exist`;
      this.refuse(arg, CODES.noTopic, msg);
      return;
    }
    this.connection.answer({ event: 'subscribe', arg: wireArg(arg) });
    this.world.feed.begin(this, holder, arg);
  }

  private isKnown({ instType, channel, instId }: Arg): boolean {
    if (this.isUnified) return instType === UNIFIED && UNIFIED_TOPICS.has(channel);
    const isLine = exchangeOfLine(instType) !== undefined || DEMO_LINES.has(instType);
    return isLine && CLASSIC_CHANNELS.has(channel) && instId === ALL;
  }

  /** Data goes by key, not by topic alone: the kit keeps the topic, the feed finds the client. */
  private add(topic: string): boolean {
    if (this.topics.has(topic)) return true;
    if (this.connection.subscribe(topic, { hear: false }) !== 'ok') return false;
    this.topics.add(topic);
    return true;
  }

  private unsubscribe(arg: Arg): void {
    this.topics.delete(topicOf(arg));
    this.connection.unsubscribe(topicOf(arg));
    this.connection.answer({ event: 'unsubscribe', arg: wireArg(arg) });
  }

  private refuse(arg: Arg, code: number, msg: string): void {
    this.connection.answer({ event: 'error', arg: wireArg(arg), code, msg, op: 'subscribe' });
  }

  private malformed(code: number, msg: string): void {
    this.connection.violation('badFrame', msg);
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
