import { z } from 'zod';
import type { SimAccount, SimConnection, WsSession } from '../kit';
import type { Admission } from './private-keys';
import { connIdOf } from './session';

/** What the venue does for its private connections. */
export interface PrivateVenue {
  admit(login: z.infer<typeof Login>): Admission;
  /** Connections of the session's account that are subscribed to the channel, this one included. */
  listenersOf(channel: string, account: SimAccount): number;
  /** What a new subscription is told at once. */
  first(topic: string, accounts: readonly SimAccount[]): readonly string[];
  onEnd(session: PrivateSession): void;
}

const Login = z.object({
  apiKey: z.string(),
  passphrase: z.string(),
  timestamp: z.string(),
  sign: z.string(),
});

/** https://www.okx.com/docs-v5/en/#overview-websocket-subscribe */
const Request = z.object({
  id: z
    .string()
    .regex(/^[a-zA-Z0-9]{1,32}$/)
    .optional(),
  op: z.enum(['login', 'subscribe', 'unsubscribe']),
  args: z.array(z.unknown()),
});
type Request = z.infer<typeof Request>;

const Arg = z.union([
  z.object({
    channel: z.literal('orders'),
    instType: z.enum(['SPOT', 'MARGIN', 'SWAP', 'FUTURES', 'OPTION', 'ANY']),
  }),
  z.object({ channel: z.literal('account'), extraParams: z.string().optional() }),
]);
type Arg = z.infer<typeof Arg>;

/** Per channel and sub-account. https://www.okx.com/docs-v5/en/#overview-websocket-connection-count-limit */
const MOST_CONNECTIONS = 30;

/** One client on a private URL. */
export class PrivateSession implements WsSession {
  accounts: readonly SimAccount[] = [];
  private readonly connId: string;
  private readonly topics = new Set<string>();
  private readonly deaf = new Set<string>();

  constructor(
    readonly connection: SimConnection,
    private readonly venue: PrivateVenue,
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
    else {
      this.connection.violation('badFrame', 'no request');
      this.error(undefined, '60012', 'Invalid request');
    }
  }

  onClose(): void {
    this.venue.onEnd(this);
  }

  get topicCount(): number {
    return this.topics.size;
  }

  /** Subscribed, whether or not there is room to hear it. */
  isOn(channel: string): boolean {
    return [...this.topics].some((topic) => topic.split(':', 1)[0] === channel);
  }

  hears(topic: string): boolean {
    return this.topics.has(topic) && !this.deaf.has(topic);
  }

  private perform({ id, op, args }: Request): void {
    if (this.connection.request(args.length)) return this.error(id, '60014', 'Requests too frequent.');
    if (op === 'login') return this.login(args);
    if (this.accounts.length === 0) {
      this.connection.violation('venue:notLoggedIn', op);
      return this.error(id, '60011', 'Please log in');
    }
    for (const one of args) {
      const arg = Arg.safeParse(one);
      if (!arg.success) this.missing(id, one);
      else if (op === 'subscribe') this.subscribe(id, arg.data);
      else this.unsubscribe(id, arg.data);
    }
  }

  private login(args: readonly unknown[]): void {
    if (this.accounts.length > 0) return this.error(undefined, '60031', 'The WebSocket has been logged in.');
    const login = Login.safeParse(args[0]);
    if (!login.success) return this.error(undefined, '60013', 'Invalid args.');
    const admission = this.venue.admit(login.data);
    if ('accounts' in admission) {
      this.accounts = admission.accounts;
      this.answer(undefined, { event: 'login', code: '0', msg: '' });
      return;
    }
    this.error(undefined, admission.code, admission.msg);
    this.connection.close(4001, 'Login failed.');
  }

  /** Asking again is allowed, and answered again. */
  private subscribe(id: string | undefined, arg: Arg): void {
    const topic = topicOf(arg);
    if (!this.topics.has(topic)) {
      if (this.connection.subscribe(topic, { hear: false }) === 'refused') return this.missing(id, arg);
      this.topics.add(topic);
    }
    this.answer(id, { event: 'subscribe', arg });
    const [account] = this.accounts;
    const count = account ? this.venue.listenersOf(arg.channel, account) : 0;
    const isFull = count > MOST_CONNECTIONS;
    const event = isFull ? 'channel-conn-count-error' : 'channel-conn-count';
    const connCount = String(Math.min(count, MOST_CONNECTIONS));
    this.answer(undefined, { event, channel: arg.channel, connCount });
    if (isFull) this.deaf.add(topic);
    else for (const frame of this.venue.first(topic, this.accounts)) this.connection.push(frame);
  }

  private unsubscribe(id: string | undefined, arg: Arg): void {
    const topic = topicOf(arg);
    this.topics.delete(topic);
    this.deaf.delete(topic);
    this.connection.unsubscribe(topic);
    this.answer(id, { event: 'unsubscribe', arg });
  }

  private missing(id: string | undefined, arg: unknown): void {
    const { channel = '' } = (typeof arg === 'object' && arg !== null ? arg : {}) as { channel?: unknown };
    this.error(id, '60018', `Wrong URL or channel:${String(channel)} doesn't exist.`);
  }

  private error(id: string | undefined, code: string, msg: string): void {
    this.answer(id, { event: 'error', msg, code });
  }

  private answer(id: string | undefined, frame: object): void {
    this.connection.answer({ ...(id === undefined ? {} : { id }), ...frame, connId: this.connId });
  }
}

/** Name of a channel for faults and violations: `orders:SPOT`, `account`. */
function topicOf(arg: Arg): string {
  return arg.channel === 'orders' ? `orders:${arg.instType}` : 'account';
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
