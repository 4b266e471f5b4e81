import { ConnectorError, errorText } from '../../domain/errors';
import type { StreamDetail, StreamEntry } from '../../domain/status';
import type { Look } from './board';
import type { Finding } from './diagnosis';
import { span } from './diagnosis';
import type { Health } from './verdict';

export interface InspectQuery {
  /** Of the health server, without path. */
  readonly url: string;
  readonly token: string | undefined;
  /** Absent: all that there is. */
  readonly room: string | undefined;
}

export interface Inspected {
  readonly text: string;
  readonly isWell: boolean;
}

const MARKS: Readonly<Record<Health, string>> = { ok: ' ok ', warn: 'look', bad: 'BAD ', off: ' -  ' };
const TIMEOUT_MS = 10_000;

/**
 * The status page for a terminal: asks a running process and tells what it says.
 * @throws ConnectorError where the process does not answer, or does not let us in
 */
export async function inspect({ url, token, room }: InspectQuery): Promise<Inspected> {
  if (room === undefined) return overviewText((await ask(url, '/api/status', token)) as Look);
  const answer = (await ask(url, `/api/streams/${encodeURIComponent(room)}`, token)) as StreamAnswer;
  return streamText(room, answer);
}

interface StreamAnswer {
  readonly at?: number;
  readonly stream?: StreamDetail;
  readonly findings: readonly Finding[];
}

async function ask(url: string, path: string, token: string | undefined): Promise<unknown> {
  const response = await reach(`${url}${path}`, token);
  if (response.status === 401) throw failed('the process asks for a token: set STATUS_TOKEN as it has it');
  const isJson = response.headers.get('content-type')?.startsWith('application/json') ?? false;
  const body: unknown = isJson ? await response.json() : undefined;
  const isAnswer = typeof body === 'object' && body !== null && ('overview' in body || 'findings' in body);
  if (!isAnswer) throw failed(`${url} has no status page (HTTP ${response.status}); is STATUS_PAGE off?`);
  return body;
}

async function reach(address: string, token: string | undefined): Promise<Response> {
  try {
    return await fetch(address, {
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch (cause) {
    const reason = cause instanceof Error && cause.cause ? errorText(cause.cause) : errorText(cause);
    throw failed(`no process answers at ${new URL(address).origin}: ${reason}`, cause);
  }
}

function failed(message: string, cause?: unknown): ConnectorError {
  return new ConnectorError('REST_FAILED', message, { cause });
}

// ---------------------------------------------------------------------------- one stream

function streamText(room: string, { at = 0, stream, findings }: StreamAnswer): Inspected {
  const parts = [
    `stream ${room}`,
    findings.map(findingText).join('\n'),
    ...(stream ? [factsText(stream, at), topicsText(stream, at), historyText(stream)] : []),
  ];
  return { text: parts.join('\n\n'), isWell: findings.every(({ health }) => health === 'ok') };
}

function findingText({ health, words, advice }: Finding): string {
  return `[${MARKS[health]}] ${printable(words)}${advice === undefined ? '' : `\n       ${advice}`}`;
}

function factsText(stream: StreamDetail, at: number): string {
  const { exchange, state, subscribers, reconnects, openedAt, lastEventAt, published, outbox, confirm } =
    stream;
  const slowest =
    confirm.slowestMs === undefined ? '' : `, last ${confirm.lastMs} ms, slowest ${confirm.slowestMs} ms`;
  return table([
    ['exchange', exchange],
    ['connection', state],
    ['opened', ago(openedAt, at)],
    ['subscribers', String(subscribers)],
    ['reconnects', String(reconnects)],
    ['last event', ago(lastEventAt, at)],
    ['published', String(published)],
    ['confirmed', `${confirm.count}${slowest}`],
    [
      'outbox',
      outbox.messages === 0 ? 'empty' : `${outbox.messages}, the oldest for ${span(outbox.oldestMs)}`,
    ],
  ]);
}

function topicsText({ topics, refusedTopics }: StreamDetail, at: number): string {
  const rows = [
    ...refusedTopics.map(({ topic, code, text }): Row => [topic, `refused: ${code} ${text}`]),
    ...topics.map(({ topic, frames, lastAt }): Row => [
      topic,
      `${frames} frames, the last ${ago(lastAt, at)}`,
    ]),
  ];
  return `topics\n${rows.length === 0 ? '  no frame with data yet' : table(rows)}`;
}

function historyText({ history }: StreamDetail): string {
  return `history\n${table(history.map((entry) => [time(entry.at), entryText(entry)]))}`;
}

function entryText(entry: StreamEntry): string {
  switch (entry.what) {
    case 'live':
      return entry.tookMs === undefined ? 'live' : `live after ${span(entry.tookMs)}`;
    case 'lost':
      return `lost: ${entry.reason}`;
    case 'refused':
      return `refused (${entry.cause}): ${entry.code} ${entry.text}`;
    case 'paused':
      return `no login until ${time(entry.untilAt)} (${entry.cause})`;
    case 'topicRefused':
      return `topic ${entry.topic} refused: ${entry.code} ${entry.text}`;
    case 'gap':
      return `gap ${time(entry.fromAt)} to ${time(entry.toAt)}`;
    case 'reconciled':
      return `reconciled ${time(entry.fromAt)} to ${time(entry.toAt)}: ${entry.failed ?? `${entry.found} events were missed`}`;
    default:
      return entry.what;
  }
}

// ---------------------------------------------------------------------------- all

function overviewText({ overview }: Look): Inspected {
  const { role, instance, health, words, problems, doors, venues, streams } = overview;
  const markets = venues.flatMap((venue) => venue.markets);
  const parts = [
    `${role} ${instance}: ${words}`,
    doors.map((door) => `[${MARKS[door.health]}] ${door.name}: ${door.words}`).join('\n'),
    ...(problems.length === 0
      ? []
      : [problems.map((one) => `[${MARKS[one.health]}] ${one.where}: ${one.words}`).join('\n')]),
    ...(markets.length === 0 ? [] : [table(markets.map(marketText))]),
    ...(streams
      ? [
          table(
            streams.rows.map(({ room, exchange, state, words: told }) => [
              room,
              `${exchange} ${state}: ${told}`,
            ]),
          ),
        ]
      : []),
  ];
  return { text: parts.join('\n\n'), isWell: health === 'ok' };
}

function marketText({
  exchange,
  sockets,
  topics,
  rate,
  words,
}: Look['overview']['venues'][number]['markets'][number]): Row {
  return [
    exchange,
    `${sockets.live}/${sockets.all} sockets, ${topics.live}/${topics.all} topics, ${rate.toFixed(1)}/s: ${words}`,
  ];
}

// ---------------------------------------------------------------------------- words

type Row = readonly [name: string, value: string];

function table(rows: readonly Row[]): string {
  const width = Math.max(0, ...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${printable(name).padEnd(width)}  ${printable(value)}`).join('\n');
}

/** What a venue says must not steer a terminal. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}

function ago(at: number | undefined, now: number): string {
  return at === undefined ? 'none yet' : `${span(now - at)} ago`;
}

function time(at: number): string {
  return new Date(at).toISOString().slice(0, 19).replace('T', ' ');
}
