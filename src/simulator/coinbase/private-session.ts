import type { SimAccount, SimConnection, WsSession } from '../kit';
import { userFrame } from './frames';
import type { LinkDeps } from './link';
import { NumberedLink } from './link';
import type { KeyRing } from './private-keys';
import { uuidOf } from './private-keys';
import type { StreamRequest } from './requests';
import { isTextList, readRequest } from './requests';

/** Documented: a snapshot comes in frames of 50 orders, and one with fewer ends it. */
const SNAPSHOT_ORDERS = 50;

export interface UserVenue extends LinkDeps {
  readonly keys: KeyRing;
  /** The venue's clock, epoch ms. */
  readonly now: () => number;
  /** Rows of the open orders, oldest first. */
  readonly openRows: (account: SimAccount) => readonly object[];
  readonly onClose: (session: PrivateSession) => void;
}

/**
 * One client of the user socket: `user` and `heartbeats`. Whatever is wrong with a key, the words are the same,
 * and the socket stays open.
 */
export class PrivateSession implements WsSession {
  private readonly link: NumberedLink;
  private holder: SimAccount | undefined;
  /** Undefined: all. */
  private products: ReadonlySet<string> | undefined;

  constructor(
    private readonly connection: SimConnection,
    private readonly venue: UserVenue,
  ) {
    this.link = new NumberedLink(connection, venue);
  }

  onClose(): void {
    this.link.end();
    this.venue.onClose(this);
  }

  onText(text: string): void {
    const request = readRequest(text);
    if (typeof request === 'string') return this.link.failMalformed(request);
    const { channel, products, proof } = request;
    const signed = `${String(channel)}${isTextList(products) ? products.join(',') : ''}`;
    const account = this.venue.keys.openStream(proof, signed);
    // Only messages of nobody's are counted by address.
    if (typeof account === 'string' && this.link.isOverLimit(text)) return;
    if (channel === 'heartbeats' && (proof === undefined || typeof account !== 'string')) {
      return this.heartbeats(request);
    }
    if (channel !== 'user' || typeof account === 'string') return this.link.fail('authentication failure');
    return this.user(request, account);
  }

  holds(account: SimAccount): boolean {
    return this.holder === account;
  }

  tell(product: string, row: object): void {
    if (this.products && !this.products.has(product)) return;
    this.link.send(userFrame([row], this.venue.now(), 'update'));
  }

  beat(frame: (sequence: number) => string): void {
    if (this.link.hearsHeartbeats) this.link.send(frame);
  }

  skip(count: number): void {
    this.link.skip(count);
  }

  /** Undocumented: the line of a revoked key just dies here. */
  cut(): void {
    this.connection.terminate();
  }

  private heartbeats({ type }: StreamRequest): void {
    this.link.hasSubscribed = true;
    this.link.hearsHeartbeats = type === 'subscribe';
    this.acknowledge();
  }

  /** A second user channel takes the place of the first. */
  private user({ type, products }: StreamRequest, account: SimAccount): void {
    this.connection.request(1);
    this.connection.unsubscribe('user');
    this.holder = undefined;
    const isHeard = type === 'subscribe' && this.connection.subscribe('user', { hear: false }) === 'ok';
    if (isHeard) {
      this.link.hasSubscribed = true;
      this.holder = account;
      this.products = isTextList(products) && products.length > 0 ? new Set(products) : undefined;
      this.sendSnapshot(account);
    }
    // As captured: data comes before the ack.
    this.acknowledge();
  }

  private sendSnapshot(account: SimAccount): void {
    const rows = this.venue.openRows(account);
    for (let from = 0; from <= rows.length; from += SNAPSHOT_ORDERS) {
      const page = rows.slice(from, from + SNAPSHOT_ORDERS);
      this.link.send(userFrame(page, this.venue.now(), 'snapshot'));
    }
  }

  private acknowledge(): void {
    const { holder, link } = this;
    const listed = {
      ...(link.hearsHeartbeats && { heartbeats: ['heartbeats'] }),
      ...(holder && { user: [uuidOf(holder)] }),
    };
    link.acknowledge(listed, this.venue.now());
  }
}
