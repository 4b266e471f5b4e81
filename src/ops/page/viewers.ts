import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Meter } from '../../domain/telemetry';
import type { Board } from './board';

const MOST = 32;
/** A viewer that has so much unread does not read: it is cut, and comes back when it can. */
const UNREAD_BYTES = 4 << 20;

/** Viewers of the live page: server-sent events, bounded in number and in what each may leave unread. */
export class Viewers {
  private readonly open = new Set<ServerResponse>();
  private readonly unwatch: () => void;

  constructor(
    private readonly board: Board,
    private readonly meter: Meter,
    private readonly limits = { most: MOST, unreadBytes: UNREAD_BYTES },
  ) {
    this.unwatch = board.watch(() => this.tell());
  }

  get isFull(): boolean {
    return this.open.size >= this.limits.most;
  }

  add(request: IncomingMessage, response: ServerResponse, headers: Readonly<Record<string, string>>): void {
    response.writeHead(200, {
      ...headers,
      'content-type': 'text/event-stream; charset=utf-8',
      // Proxies that gather an answer would never pass this one on.
      'x-accel-buffering': 'no',
    });
    this.open.add(response);
    response.on('close', () => this.remove(response));
    request.resume();
    this.gauge();
    const { newest: look } = this.board;
    write(response, 'hello', { history: this.board.history(), ...(look && { look }) });
  }

  close(): void {
    this.unwatch();
    for (const response of this.open) response.end();
  }

  private tell(): void {
    if (this.open.size === 0) return;
    const text = eventText('look', this.board.newest);
    for (const response of this.open) {
      if (response.writableLength > this.limits.unreadBytes) {
        this.meter.count('connector_status_requests_total', { outcome: 'slow viewer cut' });
        response.destroy();
        // At once: the event of its end comes later than the next look may.
        this.remove(response);
      } else response.write(text);
    }
  }

  private remove(response: ServerResponse): void {
    this.open.delete(response);
    this.gauge();
  }

  private gauge(): void {
    this.meter.gauge('connector_status_clients', this.open.size);
  }
}

function write(response: ServerResponse, event: string, data: unknown): void {
  response.write(eventText(event, data));
}

/** JSON has no line break outside of strings, and escapes those within. */
function eventText(event: string, data: unknown): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
