import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';

/** What the venue does to one connection. Nothing given: it behaves. */
export interface Behaviour {
  /** `hang`: TCP is accepted, the upgrade never comes. */
  readonly handshake?: 'hang' | { readonly status: number; readonly headers?: Record<string, string> };
  /** Closes right after the upgrade. */
  readonly closeWith?: number;
  /** Answers pings, but no request. */
  readonly isMute?: boolean;
  /** Acknowledges, but sends no data by itself (default: one value per topic after the ack). */
  readonly isDataless?: boolean;
  /** Topics that do not exist. */
  readonly refused?: readonly string[];
  /** How it refuses: the guilty topic by name, the whole request, or without saying what is meant. */
  readonly refuses?: 'named' | 'whole' | 'nameless';
}

interface HeardRequest {
  readonly op: 'subscribe' | 'unsubscribe' | 'login';
  readonly id: string;
  readonly topics: readonly string[];
}

/** The venue's side of one connection. */
export class HostileConnection {
  readonly requests: HeardRequest[] = [];
  readonly topics = new Set<string>();
  pings = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly tcp: Duplex,
    readonly behaviour: Behaviour,
  ) {
    socket.on('ping', () => (this.pings += 1));
    socket.on('message', (data) => this.heard((data as Buffer).toString('utf8')));
    // What the client thinks of our misbehaviour is its own matter.
    socket.on('error', () => this.tcp.destroy());
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  subscribed(): readonly string[] {
    return this.requests.filter(({ op }) => op === 'subscribe').flatMap(({ topics }) => topics);
  }

  push(topic: string, value = '1'): void {
    this.say(JSON.stringify({ topic, value }));
  }

  pushAll(): void {
    for (const topic of this.topics) this.push(topic);
  }

  say(text: string): void {
    if (this.isOpen) this.socket.send(text);
  }

  close(code: number): void {
    this.socket.close(code);
  }

  /** Half-open: the connection stays, nothing is read and nothing is said any more. */
  freeze(): void {
    this.tcp.pause();
    this.tcp.removeAllListeners('data');
  }

  cut(): void {
    this.tcp.destroy();
  }

  private heard(text: string): void {
    if (text === 'ping') {
      this.pings += 1;
      this.say('pong');
      return;
    }
    const request = JSON.parse(text) as HeardRequest;
    this.requests.push(request);
    if (this.behaviour.isMute) return;
    if (request.op === 'subscribe') this.subscribe(request);
    else {
      for (const topic of request.topics) this.topics.delete(topic);
      this.say(JSON.stringify({ ack: request.id }));
    }
  }

  private subscribe({ id, topics }: HeardRequest): void {
    const guilty = topics.filter((topic) => this.behaviour.refused?.includes(topic));
    if (guilty.length > 0) return this.refuse(id, guilty);
    for (const topic of topics) this.topics.add(topic);
    this.say(JSON.stringify({ ack: id }));
    if (!this.behaviour.isDataless) for (const topic of topics) this.push(topic);
  }

  private refuse(id: string, guilty: readonly string[]): void {
    const { refuses } = this.behaviour;
    if (refuses === 'nameless') this.say(JSON.stringify({ refused: true }));
    else if (refuses === 'whole') this.say(JSON.stringify({ refused: true, id }));
    else this.say(JSON.stringify({ refused: true, id, topics: guilty }));
  }
}

/**
 * A venue on the loopback that does what venues do on bad days: one behaviour per connection, chosen
 * by the test from the number of the dial.
 */
export class HostileServer {
  /** Upgraded connections, in order; closed ones stay. */
  readonly connections: HostileConnection[] = [];
  /** Dials that arrived, refused ones included. */
  dials = 0;
  behave: (dial: number, path: string) => Behaviour = () => ({});
  private readonly http: Server = createServer();
  private readonly wss = new WebSocketServer({ noServer: true });
  private readonly tcp = new Set<Socket>();

  private constructor() {
    this.http.on('connection', (socket) => {
      this.tcp.add(socket);
      socket.on('close', () => this.tcp.delete(socket));
    });
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
  }

  static async start(): Promise<HostileServer> {
    const server = new HostileServer();
    server.http.listen(0, '127.0.0.1');
    await once(server.http, 'listening');
    return server;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.http.address() as AddressInfo).port}/ws`;
  }

  /** TCP connections that are open at this moment. */
  get openSockets(): number {
    return this.tcp.size;
  }

  get open(): readonly HostileConnection[] {
    return this.connections.filter(({ isOpen }) => isOpen);
  }

  /** The newest connection. */
  get latest(): HostileConnection | undefined {
    return this.connections.at(-1);
  }

  async close(): Promise<void> {
    for (const socket of this.tcp) socket.destroy();
    this.http.close();
    await once(this.http, 'close');
  }

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const behaviour = this.behave(this.dials, request.url ?? '');
    this.dials += 1;
    socket.on('error', () => socket.destroy());
    const { handshake } = behaviour;
    if (handshake === 'hang') {
      // Silent, but not dead: the other side's farewell is noticed.
      socket.on('end', () => socket.destroy()).resume();
      return;
    }
    if (handshake) {
      const headers = Object.entries({ Connection: 'close', 'Content-Length': '0', ...handshake.headers });
      const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.end(`HTTP/1.1 ${handshake.status} No\r\n${lines}\r\n`);
      return;
    }
    this.wss.handleUpgrade(request, socket, head, (client) => {
      this.connections.push(new HostileConnection(client, socket, behaviour));
      if (behaviour.closeWith !== undefined) client.close(behaviour.closeWith);
    });
  }
}
