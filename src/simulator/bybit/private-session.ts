import type { SimAccount, SimConnection, SimOrder, WsSession } from '../kit';
import type { KeyRing, Site } from './private-keys';
import { isDenial } from './private-keys';
import { categoryOf } from './private-rows';
import { connId, readRequest } from './session';

const TOPICS: ReadonlySet<string> = new Set(
  ['order', 'execution', 'position'].flatMap((name) => [
    name,
    ...['spot', 'linear', 'inverse', 'option'].map((category) => `${name}.${category}`),
  ]),
).add('wallet');

type Request = NonNullable<ReturnType<typeof readRequest>>;

export interface PrivateVenue {
  readonly site: Site;
  readonly keys: KeyRing;
  /** The venue's clock, epoch ms. */
  readonly now: () => number;
  readonly onClose: (session: PrivateSession) => void;
}

/** One client of the private stream. https://bybit-exchange.github.io/docs/v5/ws/connect */
export class PrivateSession implements WsSession {
  private holders: readonly SimAccount[] = [];
  private frames = 0;

  constructor(
    private readonly connection: SimConnection,
    private readonly venue: PrivateVenue,
  ) {}

  onText(text: string): void {
    const request = readRequest(text);
    if (request === undefined) {
      this.connection.violation('badFrame', 'no JSON object');
      return this.answer({ op: '', reqId: '' }, false, 'Failed to decode incoming data');
    }
    switch (request.op) {
      case 'ping':
        return this.pong(request);
      case 'auth':
        return this.logIn(request);
      case 'subscribe':
      case 'unsubscribe':
        return this.isLoggedIn ? this.change(request) : this.unauthorized(request);
      default:
        this.connection.violation('venue:invalidOp', 'private stream');
        return this.answer(request, false, 'error:invalid op');
    }
  }

  onClose(): void {
    this.venue.onClose(this);
  }

  holds(account: SimAccount): boolean {
    return this.holders.includes(account);
  }

  tellOrder(order: SimOrder, row: object): void {
    const topic = ['order', `order.${categoryOf(order)}`].find((one) => this.connection.topics.includes(one));
    if (topic !== undefined) this.push(topic, row);
  }

  tellWallet(row: object): void {
    if (this.connection.topics.includes('wallet')) this.push('wallet', row);
  }

  /** Undocumented: the line of a revoked key just dies here. */
  cut(): void {
    this.connection.terminate();
  }

  private get isLoggedIn(): boolean {
    return this.holders.length > 0;
  }

  // ------------------------------------------------------------------ login

  private logIn(request: Request): void {
    const { site, keys, now } = this.venue;
    const [key, expires, signature] = Array.isArray(request.args) ? (request.args as unknown[]) : [];
    const isReadable =
      typeof key === 'string' && typeof signature === 'string' && Number.isSafeInteger(expires);
    // An expiry that has passed is worded like a malformed one.
    if (!isReadable || (expires as number) <= now()) return this.answer(request, false, 'Params Error');
    const text = `GET/realtime${String(expires)}`;
    const outcome = keys.open({ site, key, text, signature });
    if (isDenial(outcome)) {
      const { op, reqId } = request;
      const frame = { op, success: false, ...outcome, connId: connId(this.connection), req_id: reqId };
      return this.connection.answer(frame);
    }
    this.holders = outcome;
    this.answer(request, true, '');
  }

  private unauthorized(request: Request): void {
    this.connection.violation('venue:notLoggedIn', request.op);
    this.answer(request, false, 'Request not authorized');
  }

  // ------------------------------------------------------------------ topics

  private change(request: Request): void {
    const { args, op } = request;
    if (!Array.isArray(args) || args.length === 0 || !args.every((one) => typeof one === 'string')) {
      this.connection.violation('badFrame', 'args is no list of topics');
      return this.answer(request, false, 'error:format error');
    }
    if (op === 'unsubscribe') {
      for (const topic of args) this.connection.unsubscribe(topic);
      return this.answer(request, true, '');
    }
    const problem = problemOf(args) ?? this.add(args);
    this.answer(request, problem === undefined, problem ?? '');
  }

  /** All or nothing: one refused topic fails its request. */
  private add(topics: readonly string[]): string | undefined {
    const added: string[] = [];
    for (const topic of topics) {
      const result = this.connection.subscribe(topic, { hear: false });
      if (result === 'ok') {
        added.push(topic);
        continue;
      }
      for (const one of added) this.connection.unsubscribe(one);
      return result === 'duplicate' ? `error:already subscribed,topic:${topic}` : unknownTopic(topic);
    }
    return undefined;
  }

  // ------------------------------------------------------------------ frames

  private push(topic: string, row: object): void {
    this.frames += 1;
    const id = `${this.connection.id}_${topic}_${this.frames}`;
    this.connection.push(JSON.stringify({ id, topic, creationTime: this.venue.now(), data: [row] }));
  }

  private pong({ reqId }: Request): void {
    const args = [String(this.venue.now())];
    this.connection.control({ req_id: reqId, op: 'pong', args, conn_id: connId(this.connection) });
  }

  private answer({ op, reqId }: Pick<Request, 'op' | 'reqId'>, success: boolean, text: string): void {
    const shared = { success, ret_msg: text, op, conn_id: connId(this.connection) };
    this.connection.answer(reqId === '' ? shared : { ...shared, req_id: reqId });
  }
}

/** All-in-one and categorised topics do not go together in one request. */
function problemOf(topics: readonly string[]): string | undefined {
  const unknown = topics.find((topic) => !TOPICS.has(topic));
  if (unknown !== undefined) return unknownTopic(unknown);
  const mixed = topics.find((topic) => topics.some((other) => other.startsWith(`${topic}.`)));
  return mixed === undefined ? undefined : `error:topic conflict,topic:${mixed}`;
}

function unknownTopic(topic: string): string {
  return `error:handler not found,topic:${topic}`;
}
