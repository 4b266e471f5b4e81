import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import { errorText } from '../domain/errors';
import type { Log, Meter } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import { METRICS_CONTENT_TYPE } from './metrics';
import { Access } from './page/access';
import type { PageOptions } from './page/page';
import { Page, PAGE_HEADERS } from './page/page';

/** Whether the process can do its work now. */
export interface Readiness {
  readonly isReady: boolean;
  /** Why not, in words for an operator. */
  readonly reasons: readonly string[];
  /** Shown by /health and /ready beside the verdict; plain data without secrets. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface HealthOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: Meter;
  /** What everything but `/health` and the page's own files then asks for. */
  readonly token?: string;
  /** Absent: no page. */
  readonly page?: PageOptions;
  status(): Readiness;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

export interface HealthServer {
  /** False: the port was not to be had; the process works without. */
  readonly listening: boolean;
  /** 0 while not listening. */
  readonly port: number;
  close(): Promise<void>;
}

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly body: string;
}

const MAX_CONNECTIONS = 100;
const REQUEST_MS = 10_000;
const CLOSE_MS = 500;
const JSON_TYPE = 'application/json; charset=utf-8';

/**
 * `/health` (liveness: 200 while the event loop turns, whatever is down around us), `/ready` (200 or
 * 503 with reasons), `/metrics`, the live page. GET and HEAD, because GNU wget probes with HEAD.
 * Contract section 6.
 */
export async function startHealthServer(options: HealthOptions): Promise<HealthServer> {
  const { log, clock } = options;
  const routes = new Routes(options);
  const server = createServer(
    { headersTimeout: REQUEST_MS, requestTimeout: REQUEST_MS },
    (request, response) => {
      void routes.handle(request, response);
    },
  );
  server.maxConnections = MAX_CONNECTIONS;
  const listening = await listen(server, options);
  // After the start nothing but the log can use it; without a listener it would end the process.
  server.on('error', (error) => log.warn({ error }, 'health server'));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  if (listening) log.info({ host: options.host, port }, 'health server listens');
  return {
    listening,
    port,
    close: () => {
      routes.close();
      return listening ? close(server, clock) : Promise.resolve();
    },
  };
}

class Routes {
  private readonly startedAt: number;
  /** Scrapes that come while one is answered get its answer. */
  private scrape: Promise<string> | undefined;
  private readonly access: Access;
  private readonly page: Page | undefined;

  constructor(private readonly options: HealthOptions) {
    this.startedAt = options.clock.monotonic();
    this.access = new Access(options.token);
    this.page = options.page && new Page(options.page, options);
  }

  close(): void {
    this.page?.close();
  }

  /** Never rejects. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const path = pathOf(request);
      const isOpen = path === '/health' || this.access.allows(request);
      if (isOpen && this.page?.follow(path, request, response)) return;
      const answer = isOpen ? await this.answer(request, path) : this.locked(request, path);
      this.count(answer.code);
      send(request, response, answer);
    } catch (error) {
      this.options.log.error({ error, path: pathOf(request) }, 'health request failed');
      if (response.headersSent) response.destroy();
      else send(request, response, json(500, { error: 'Internal Server Error' }));
    }
  }

  private async answer(request: IncomingMessage, path: string): Promise<Answer> {
    if (!isReading(request)) return NOT_FOUND;
    switch (path) {
      case '/health':
        return this.health();
      case '/ready':
        return this.ready();
      case '/metrics':
        return { code: 200, type: METRICS_CONTENT_TYPE, body: await this.metrics() };
      case '/api/events':
        // Somebody else may leave.
        return this.page ? json(503, { error: 'too many viewers' }) : NOT_FOUND;
      default:
        return (await this.page?.answer(path)) ?? NOT_FOUND;
    }
  }

  /** Without the token only the page's own files, so that it can ask for it: they hold nothing of ours. */
  private locked(request: IncomingMessage, path: string): Answer {
    const isShown = this.page !== undefined && isReading(request);
    return (isShown && (this.page.static(path) ?? this.page.shell(path, 401))) || UNAUTHORIZED;
  }

  private count(code: number): void {
    const outcome =
      code < 400 ? 'answered' : code === 401 ? 'unauthorized' : code < 500 ? 'not found' : 'failed';
    this.options.meter.count('connector_status_requests_total', { outcome });
  }

  private ready(): Answer {
    const { isReady, reasons, detail } = this.options.status();
    const status = isReady ? 'ready' : 'not ready';
    return json(isReady ? 200 : 503, { ...detail, status, reasons, ...this.times() });
  }

  /** Liveness never depends on what the parts say of themselves, or whether they can say it. */
  private health(): Answer {
    const alive = { status: 'ok', ...this.times() };
    try {
      const { isReady, detail } = this.options.status();
      return json(200, { ...detail, ready: isReady, ...alive });
    } catch (error) {
      this.options.log.error({ error }, 'status could not be told');
      return json(200, alive);
    }
  }

  private times(): { uptime: number; timestamp: number } {
    const { clock } = this.options;
    return { uptime: Math.round(clock.monotonic() - this.startedAt) / 1_000, timestamp: clock.now() };
  }

  private metrics(): Promise<string> {
    this.scrape ??= this.options.metrics().finally(() => {
      this.scrape = undefined;
    });
    return this.scrape;
  }
}

const NOT_FOUND = json(404, { error: 'Not Found' });
const UNAUTHORIZED = json(401, { error: 'Unauthorized' });

function isReading({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD';
}

function json(code: number, body: object): Answer {
  return { code, type: JSON_TYPE, body: JSON.stringify(body) };
}

function send(request: IncomingMessage, response: ServerResponse, { code, type, body }: Answer): void {
  const headers = {
    ...PAGE_HEADERS,
    ...(code === 401 && { 'www-authenticate': 'Bearer' }),
    'content-type': type,
    'content-length': Buffer.byteLength(body),
  };
  response.writeHead(code, headers).end(request.method === 'HEAD' ? undefined : body);
  request.resume();
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] ?? '';
}

function listen(server: Server, { port, host, log }: HealthOptions): Promise<boolean> {
  return new Promise((resolve) => {
    const refused = (error: NodeJS.ErrnoException): void => {
      const reason = errorText(error);
      // Both daemons on one host is a normal way to run them.
      if (error.code === 'EADDRINUSE') log.info({ host, port }, 'port taken; running without health server');
      else log.warn({ host, port, reason }, 'running without health server');
      resolve(false);
    };
    server.once('error', refused);
    server.listen({ port, host }, () => {
      server.off('error', refused);
      resolve(true);
    });
  });
}

/** Answers in progress get a moment; kept-alive connections would hold the process for ever. */
function close(server: Server, clock: Clock): Promise<void> {
  return new Promise((resolve) => {
    const deadline = clock.after(CLOSE_MS, () => server.closeAllConnections());
    server.close(() => {
      clock.cancel(deadline);
      resolve();
    });
    server.closeIdleConnections();
  });
}
