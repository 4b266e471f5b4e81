import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RefusalFault } from './faults';
import type { SimAnswer } from './types';

const MAX_BODY_BYTES = 1 << 20;

/** The whole body as text; undefined when it is too long. */
export async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

export function bodyText({ body }: SimAnswer): string {
  return typeof body === 'string' ? body : JSON.stringify(body);
}

export function sendAnswer(response: ServerResponse, answer: SimAnswer): void {
  const body = bodyText(answer);
  response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
  response.end(body);
}

/** The answer that a `status` fault stands for. */
export function refusalAnswer(fault: Exclude<RefusalFault, string>): SimAnswer {
  const headers = fault.retryAfterS === undefined ? {} : { 'retry-after': String(fault.retryAfterS) };
  return { status: fault.status, headers, body: fault.body ?? '' };
}

/** A refused WebSocket handshake, as raw HTTP. */
export function refusedHandshake({ status = 404, headers = {}, body }: SimAnswer): string {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  return (
    `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: ${Buffer.byteLength(text)}\r\n` +
    `${lines.join('')}\r\n${text}`
  );
}

/** Exact, or a prefix ending in `*`. */
export function matchesPath(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : pattern === path;
}
