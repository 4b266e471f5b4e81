import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ProcessStatus, StreamDetail, StreamStatus } from '../../domain/status';
import type { Log, Meter } from '../../domain/telemetry';
import type { Clock } from '../../domain/time';
import type { Asset } from './assets';
import { loadAssets } from './assets';
import { Board, scrubbed } from './board';
import { diagnosis } from './diagnosis';
import { Viewers } from './viewers';

export interface PageOptions {
  report(): Promise<ProcessStatus>;
  /** Asked for only while somebody looks: there may be thousands. Absent: a process without account streams. */
  streams?(): readonly StreamStatus[];
  /** Facts of one account stream; undefined: this process has no such room. */
  stream?(room: string): StreamDetail | undefined;
}

export interface PageDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
}

export interface PageAnswer extends Asset {
  readonly code: number;
}

const JSON_TYPE = 'application/json; charset=utf-8';
/** Nothing from elsewhere, nothing inline, nobody may frame it. */
const CONTENT_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

export const PAGE_HEADERS = {
  'content-security-policy': CONTENT_POLICY,
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** The live page, its files and its API. Knows nothing of tokens: who gets here may read. */
export class Page {
  private readonly assets = loadAssets();
  private readonly board: Board;
  private readonly viewers: Viewers;

  constructor(
    private readonly options: PageOptions,
    deps: PageDeps,
  ) {
    this.board = new Board({ ...options, ...deps });
    this.viewers = new Viewers(this.board, deps.meter);
  }

  /** The page's own files hold nothing of the process: its login form needs them. */
  static(path: string): PageAnswer | undefined {
    const file = this.assets.files.get(path);
    return file && { code: 200, ...file };
  }

  /** The page without data: what it shows it asks for. */
  shell(path: string, code = 200): PageAnswer | undefined {
    return path === '/' || roomIn(path, '/streams/') !== undefined
      ? { code, ...this.assets.shell }
      : undefined;
  }

  async answer(path: string): Promise<PageAnswer | undefined> {
    if (path === '/api/status') return json(200, await this.status());
    const room = roomIn(path, '/api/streams/');
    if (room !== undefined) return this.stream(room);
    return this.static(path) ?? this.shell(path);
  }

  /** True: the connection is taken over. */
  follow(path: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (path !== '/api/events' || request.method !== 'GET' || this.viewers.isFull) return false;
    this.viewers.add(request, response, PAGE_HEADERS);
    return true;
  }

  close(): void {
    this.viewers.close();
    this.board.close();
  }

  private async status(): Promise<object> {
    if (!this.board.newest) await this.board.look();
    return this.board.newest ?? {};
  }

  private async stream(room: string): Promise<PageAnswer> {
    const detail = this.options.stream?.(room);
    if (!detail) return json(404, { error: 'no such stream', room, findings: NO_STREAM });
    const report = await this.options.report();
    const stream = scrubbed(detail);
    return json(200, { at: report.at, stream, findings: diagnosis(stream, report) });
  }
}

const NO_STREAM = [
  {
    health: 'bad',
    words:
      'This process has no such stream: it was never opened here, was closed, or another process has it. The page / lists those that it has.',
  },
];

function roomIn(path: string, prefix: string): string | undefined {
  if (!path.startsWith(prefix) || path.length === prefix.length) return undefined;
  try {
    return decodeURIComponent(path.slice(prefix.length));
  } catch {
    // Not an escape of ours: no room is named so.
    return undefined;
  }
}

function json(code: number, body: object): PageAnswer {
  return { code, type: JSON_TYPE, body: JSON.stringify(body) };
}
