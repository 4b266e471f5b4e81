import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { Clock } from '../../domain/time';
import { SimConnection } from './connection';
import { controlRoutes } from './control';
import { FaultBoard, isTarget, type RefusalFault, type Target } from './faults';
import { bodyText, matchesPath, readBody, refusalAnswer, refusedHandshake, sendAnswer } from './http';
import { Ledger } from './ledger';
import { SimOrigin, type OriginStats } from './origin';
import type { Heard, HttpRoute, OriginSpec, SimAnswer } from './types';
import { ViolationLog } from './violations';

const MAX_INCOMING_FRAME = 1 << 20;
const KEEP_ALIVE_MS = 60_000;
const CONTROL_PREFIX = '/__sim';
const NOT_FOUND: SimAnswer = { status: 404, body: { error: 'no such path on this simulator' } };

export interface DropOrder extends Target {
  /** Close code (1001, 1013, ...); absent: the TCP connection just dies. */
  readonly code?: number | undefined;
  readonly reason?: string | undefined;
}

/** One loopback HTTP server that stands in for any number of production origins. */
export class SimServer {
  readonly faults = new FaultBoard();
  readonly ledger = new Ledger();
  readonly violations = new ViolationLog();
  private readonly origins = new Map<string, SimOrigin>();
  private readonly hung = new Set<Duplex>();
  private readonly control: HttpRoute[];
  private readonly http: Server;
  private readonly sockets = new WebSocketServer({
    noServer: true,
    autoPong: false,
    maxPayload: MAX_INCOMING_FRAME,
    perMessageDeflate: false,
  });
  private connectionCount = 0;
  private ear: (heard: Heard) => void = () => undefined;

  constructor(private readonly clock: Clock) {
    this.control = controlRoutes(this);
    this.http = createServer((request, response) => {
      this.serve(request, response).catch((error: unknown) => fail(response, error));
    });
    // As the venues: a client that pauses for some seconds finds its connection still open.
    this.http.keepAliveTimeout = KEEP_ALIVE_MS;
    this.http.on('upgrade', (request, socket, head) => this.upgrade(request, socket, head));
    this.faults.onChange(() => this.each({}, (connection) => connection.applyFaults()));
  }

  /** Tells one listener what clients send to the venues, and the answers over HTTP. */
  overhear(listener: (heard: Heard) => void): void {
    this.ear = listener;
  }

  /** Registers a production origin. */
  add(spec: OriginSpec): SimOrigin {
    const { hostname, port } = new URL(spec.url);
    const plain = `/${hostname}`;
    const prefix = this.origins.has(plain)
      ? `${plain}_${port || new URL(spec.url).protocol.slice(0, -1)}`
      : plain;
    if (this.origins.has(prefix)) throw new Error(`origin registered twice: ${spec.url}`);
    const origin = new SimOrigin(spec, prefix, this.faults, this.violations);
    this.origins.set(prefix, origin);
    return origin;
  }

  /** Adds an order of a venue to the control interface: `POST /__sim/<name>` and the like. */
  addControl(route: HttpRoute): void {
    this.control.push({ ...route, path: `${CONTROL_PREFIX}${route.path}` });
  }

  /** Port 0: any free one. Loopback only. */
  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.http.once('error', reject);
      this.http.listen(port, '127.0.0.1', () => {
        this.http.off('error', reject);
        resolve();
      });
    });
  }

  get port(): number {
    return (this.http.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Value for VENUE_ENDPOINTS: `<production origin>=<replacement base>`, comma separated. */
  overrides(): string {
    return [...this.origins.values()].map((origin) => `${origin.url}=${this.baseOf(origin)}`).join(',');
  }

  /** Where a production URL is served here. */
  urlOf(productionUrl: string): string {
    const { protocol, host, pathname, search } = new URL(productionUrl);
    const origin = this.origin(`${protocol}//${host}`);
    return `${this.baseOf(origin)}${pathname}${search}`;
  }

  origin(url: string): SimOrigin {
    const found = [...this.origins.values()].find((origin) => origin.url === url);
    if (!found) throw new Error(`no such origin: ${url}`);
    return found;
  }

  /** Ends connections; the number ended. */
  drop({ code, reason, ...target }: DropOrder = {}): number {
    return this.each(target, (connection) => {
      if (code === undefined) connection.terminate();
      else connection.close(code, reason ?? '');
    });
  }

  /** Ends connections as the venue does at their age limit. */
  expire(target: Target = {}): number {
    return this.each(target, (connection) => connection.expire());
  }

  /** Sends the venue's own "we will close you" frame; 0 where a venue has none. */
  notice(target: Target = {}): number {
    let sent = 0;
    this.each(target, (connection) => {
      const frame = connection.origin.spec.notice?.(connection);
      if (frame === undefined) return;
      connection.control(frame);
      sent += 1;
    });
    return sent;
  }

  stats(): Readonly<Record<string, OriginStats & { open: number }>> {
    const entries = [...this.origins.values()].map(
      (origin) => [origin.url, { ...origin.stats, open: origin.open().length }] as const,
    );
    return Object.fromEntries(entries);
  }

  async close(): Promise<void> {
    const ended = [...this.origins.values()]
      .flatMap((origin) => origin.open())
      .map((connection) => {
        connection.terminate();
        return connection.ended;
      });
    for (const socket of this.hung) socket.destroy();
    this.sockets.close();
    const closed = new Promise<void>((resolve) => {
      this.http.close(() => resolve());
    });
    this.http.closeAllConnections();
    await Promise.all([closed, ...ended]);
  }

  private each(target: Target, act: (connection: SimConnection) => void): number {
    const concerned = [...this.origins.values()]
      .flatMap((origin) => origin.open())
      .filter((connection) => connection.isOpen && isTarget(target, connection.origin.url, connection.id));
    for (const connection of concerned) act(connection);
    return concerned.length;
  }

  private baseOf(origin: SimOrigin): string {
    const scheme = origin.url.startsWith('ws') ? 'ws' : 'http';
    return `${scheme}://127.0.0.1:${this.port}${origin.prefix}`;
  }

  /** The origin of a request and the URL below it. */
  private locate(request: IncomingMessage): { origin?: SimOrigin; url: URL } {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1');
    const [, first = ''] = url.pathname.split('/', 2);
    const origin = this.origins.get(`/${first}`);
    if (!origin) return { url };
    url.pathname = url.pathname.slice(first.length + 1) || '/';
    return { origin, url };
  }

  // ------------------------------------------------------------------ HTTP

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin, url } = this.locate(request);
    const body = await readBody(request);
    if (body === undefined) {
      sendAnswer(response, { status: 413, body: '' });
      return;
    }
    if (origin) origin.stats.httpRequests += 1;
    this.ear({ url: request.url ?? '/', headers: request.headers, body });
    const fault = origin?.faultsOf().rest;
    if (fault !== undefined) {
      this.refuseRequest(response, fault);
      return;
    }
    const method = request.method ?? 'GET';
    const route = this.routeOf(origin, method, url.pathname);
    const sent = { method, path: url.pathname, query: url.searchParams, rawQuery: url.search.slice(1) };
    const answer = route ? await route.handle({ ...sent, headers: request.headers, body }) : NOT_FOUND;
    this.ear({ url: '', headers: {}, body: bodyText(answer) });
    sendAnswer(response, answer);
  }

  private routeOf(origin: SimOrigin | undefined, method: string, path: string): HttpRoute | undefined {
    const routes = origin ? (origin.spec.http ?? []) : this.control;
    return routes.find((one) => one.method === method && matchesPath(one.path, path));
  }

  private refuseRequest(response: ServerResponse, fault: RefusalFault): void {
    if (fault === 'hang') return;
    if (fault === 'reset') response.destroy();
    else sendAnswer(response, refusalAnswer(fault));
  }

  // ------------------------------------------------------------------ WebSocket

  private upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A client that gives up during the handshake is no news; `close` cleans up.
    socket.on('error', () => socket.destroy());
    const { origin, url } = this.locate(request);
    const route = origin?.spec.ws?.find((one) => matchesPath(one.path, url.pathname));
    if (!origin || !route) {
      endWith(socket, NOT_FOUND);
      return;
    }
    origin.stats.dials += 1;
    this.ear({ url: request.url ?? '/', headers: request.headers, body: '' });
    const refusal = origin.faultsOf().dial ?? this.overBudget(origin);
    if (refusal !== undefined) {
      origin.stats.refusedDials += 1;
      this.refuseDial(socket, refusal);
      return;
    }
    this.sockets.handleUpgrade(request, socket, head, (accepted) => {
      const handshake = { path: url.pathname, query: url.searchParams, headers: request.headers };
      this.connectionCount += 1;
      accepted.on('message', (data: Buffer) => this.ear({ url: '', headers: {}, body: data.toString() }));
      const connection = new SimConnection(this.connectionCount, origin, handshake, accepted, this.clock);
      origin.adopt(connection);
      connection.begin((opened) => route.open(opened));
    });
  }

  private overBudget(origin: SimOrigin): RefusalFault | undefined {
    const waitMs = origin.dials.take(this.clock.monotonic());
    if (waitMs === 0) return undefined;
    this.violations.add({
      rule: 'dials',
      origin: origin.url,
      at: this.clock.now(),
      detail: 'too many dials',
    });
    return { status: 429, retryAfterS: Math.ceil(waitMs / 1_000) };
  }

  private refuseDial(socket: Duplex, fault: RefusalFault): void {
    if (fault === 'reset') socket.destroy();
    else if (fault === 'hang') {
      this.hung.add(socket);
      socket.once('close', () => this.hung.delete(socket));
    } else endWith(socket, refusalAnswer(fault));
  }
}

/** Refuses a handshake and does not wait for the client to hang up. */
function endWith(socket: Duplex, answer: SimAnswer): void {
  socket.once('finish', () => socket.destroy());
  socket.end(refusedHandshake(answer));
}

/** A handler threw: a bug of the simulator, which no client should take for the venue's answer. */
function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else sendAnswer(response, { status: 500, body: { simulatorError: String(error) } });
}
