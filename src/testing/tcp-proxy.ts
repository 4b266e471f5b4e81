import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Runs what the client's bytes do at the server, in their order. */
  readonly toServer: Later;
}

type Later = (run: () => void) => void;

/**
 * A TCP proxy on 127.0.0.1 that breaks on demand, so that outages are tested for real without
 * touching a server that others use.
 */
export class TcpProxy {
  readonly host = '127.0.0.1';
  port = 0;
  /** Connections accepted so far. */
  accepted = 0;
  private server: Server | undefined;
  private readonly pairs = new Set<Pair>();
  private readonly severed = new Set<Socket>();
  private readonly delayed = new Set<NodeJS.Timeout>();
  private isFrozen = false;
  private delayMs = 0;
  private cutAfterBytes = Infinity;

  private constructor(private readonly target: { readonly host: string; readonly port: number }) {}

  static async start(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.accept();
    return proxy;
  }

  get connections(): number {
    return this.pairs.size;
  }

  /** Ends every connection at once, without a farewell. New ones are welcome. */
  cut(): void {
    for (const pair of [...this.pairs]) this.destroy(pair);
  }

  /** Cuts as soon as the clients have sent `bytes` more: a cut in the middle of whatever is under way. */
  cutAfter(bytes: number): void {
    this.cutAfterBytes = bytes;
  }

  /** Half-open links: everything stays connected, nothing passes in either direction. */
  freeze(): void {
    this.isFrozen = true;
    for (const { client, upstream } of this.pairs) {
      client.pause();
      upstream.pause();
    }
  }

  thaw(): void {
    this.isFrozen = false;
    for (const { client, upstream } of this.pairs) {
      client.resume();
      upstream.resume();
    }
  }

  /** Every chunk arrives `delayMs` later, in both directions. */
  delay(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Connections are refused from now on (existing ones are cut). */
  async refuse(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    this.cut();
    if (!server) return;
    server.close();
    await once(server, 'close');
  }

  /** Accepts connections (again), always on the same port. */
  async accept(): Promise<void> {
    if (this.server) return;
    const server = createServer({ allowHalfOpen: true }, (client) => this.join(client));
    this.server = server;
    server.listen(this.port, this.host);
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    await this.refuse();
    for (const timer of this.delayed) clearTimeout(timer);
    this.delayed.clear();
    for (const upstream of this.severed) upstream.destroy();
    this.severed.clear();
  }

  private join(client: Socket): void {
    this.accepted += 1;
    const upstream = connect({ ...this.target, allowHalfOpen: true });
    const pair = { client, upstream, toServer: this.inOrder() };
    this.pairs.add(pair);
    this.forward(pair, client, upstream, pair.toServer);
    this.forward(pair, upstream, client, this.inOrder());
    if (this.isFrozen) this.freeze();
  }

  private forward(pair: Pair, from: Socket, to: Socket, later: Later): void {
    const isFromClient = from === pair.client;
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => {
      const passed = isFromClient ? chunk.subarray(0, this.cutAfterBytes) : chunk;
      later(() => to.write(passed));
      if (isFromClient) this.countDown(pair, passed.length);
    });
    from.on('end', () => later(() => to.end()));
    // Either side's end, clean or not, is the end of the pair.
    from.on('error', () => this.destroy(pair));
    from.on('close', () => this.destroy(pair));
  }

  private countDown(pair: Pair, bytes: number): void {
    this.cutAfterBytes -= bytes;
    if (this.cutAfterBytes > 0) return;
    this.cutAfterBytes = Infinity;
    // What was let through still arrives: the server acts on it, and its answers are lost.
    this.pairs.delete(pair);
    this.severed.add(pair.upstream);
    pair.client.destroy();
    pair.toServer(() => pair.upstream.end());
    this.cut();
  }

  /** One direction: what is not delayed any more stays behind what still is. */
  private inOrder(): Later {
    const waiting: (() => void)[] = [];
    return (run) => {
      if (this.delayMs === 0 && waiting.length === 0) return run();
      waiting.push(run);
      const timer = setTimeout(() => {
        this.delayed.delete(timer);
        waiting.shift()?.();
      }, this.delayMs);
      this.delayed.add(timer);
    };
  }

  private destroy(pair: Pair): void {
    if (!this.pairs.delete(pair)) return;
    pair.client.destroy();
    pair.upstream.destroy();
  }
}
