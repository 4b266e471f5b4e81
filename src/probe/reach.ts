import { lookup } from 'node:dns/promises';
import type { Socket } from 'node:net';
import { connect, isIP } from 'node:net';
import { connect as secure } from 'node:tls';
import { errorText } from '../domain/errors';
import type { Clock } from '../domain/time';

/** How far one look at a server came. `code`: the system's or OpenSSL's word, `TIMEOUT` where nothing answered. */
export type Reach =
  | { readonly isReached: true; readonly tookMs: number; readonly tls?: TlsFacts }
  | {
      readonly isReached: false;
      readonly step: 'name' | 'tcp' | 'tls';
      readonly code: string;
      readonly text: string;
    };

export interface TlsFacts {
  readonly protocol: string;
  /** Epoch ms of the end of the certificate. */
  readonly validUntil: number;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** PEM of the authority; absent: the public ones. */
  readonly ca?: string;
}

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'http:': 80,
  'ws:': 80,
  'https:': 443,
  'wss:': 443,
};

/** The server behind an http(s) or ws(s) URL. */
export function targetOf(url: string): Target {
  const { protocol, hostname, port } = new URL(url);
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? (DEFAULT_PORTS[protocol] ?? 443) : Number(port),
    isTls: protocol === 'https:' || protocol === 'wss:',
  };
}

/** Looks up the name, opens TCP and, where asked, TLS; then hangs up. Nothing is sent beyond that. Never rejects. */
export async function reach(target: Target, clock: Clock, limitMs: number): Promise<Reach> {
  const startedAt = clock.monotonic();
  const leftMs = (): number => Math.max(1, limitMs - (clock.monotonic() - startedAt));
  const name = await inTime(found(target.host), clock, leftMs());
  if (name instanceof Error) return failed('name', name);
  const socket = connect({ host: target.host, port: target.port });
  try {
    const opened = await inTime(event(socket, 'connect'), clock, leftMs());
    if (opened instanceof Error) return failed('tcp', opened);
    const tls = target.isTls ? await inTime(handshake(socket, target), clock, leftMs()) : undefined;
    if (tls instanceof Error) return failed('tls', tls);
    return { isReached: true, tookMs: clock.monotonic() - startedAt, ...(tls && { tls }) };
  } finally {
    socket.destroy();
  }
}

async function found(host: string): Promise<void> {
  if (isIP(host) === 0) await lookup(host);
}

async function handshake(socket: Socket, { host, ca }: Target): Promise<TlsFacts> {
  const line = secure({
    socket,
    // An address is no server name.
    ...(isIP(host) === 0 && { servername: host }),
    host,
    ...(ca !== undefined && { ca }),
  });
  try {
    await event(line, 'secureConnect');
    const { valid_to: end } = line.getPeerCertificate();
    return { protocol: line.getProtocol() ?? 'TLS', validUntil: Date.parse(end) };
  } finally {
    line.destroy();
  }
}

/** An end before the event is a failure of its own: some servers hang up without a word. */
function event(socket: Socket, name: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(name, () => resolve());
    socket.on('error', reject);
    socket.once('close', () => reject(Object.assign(new Error('hung up'), { code: 'ECONNRESET' })));
  });
}

async function inTime<T>(work: Promise<T>, clock: Clock, limitMs: number): Promise<T | Error> {
  return new Promise((resolve) => {
    const late = Object.assign(new Error(`no answer in ${(limitMs / 1_000).toFixed(1)} s`), {
      code: 'TIMEOUT',
    });
    const timer = clock.after(limitMs, () => resolve(late));
    work
      .then(resolve, (error: unknown) =>
        resolve(error instanceof Error ? error : new Error(errorText(error))),
      )
      .finally(() => clock.cancel(timer));
  });
}

function failed(step: 'name' | 'tcp' | 'tls', error: Error): Reach {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : 'UNKNOWN';
  return { isReached: false, step, code, text: errorText(error) };
}
