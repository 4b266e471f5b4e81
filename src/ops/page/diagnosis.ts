/** "Why did my bot get no event?": what speaks for and against, from the venue to the consumer. Pure. */
import type { ProcessStatus, StreamDetail, StreamEntry } from '../../domain/status';
import type { Health } from './verdict';
import { CAUSES } from './verdict';

export interface Finding {
  readonly health: Health;
  readonly words: string;
  /** What to do about it. */
  readonly advice?: string;
}

const QUIET_MS = 600_000;
const SLOW_MS = 5_000;

export function diagnosis(stream: StreamDetail, process: ProcessStatus): readonly Finding[] {
  const found = [
    ...login(stream),
    ...connection(stream),
    ...topics(stream),
    ...gaps(stream),
    ...delivery(stream, process),
  ];
  return found.some(({ health }) => health !== 'ok') ? found : [...found, ...silence(stream, process.at)];
}

const ADVICE: Readonly<Record<keyof typeof CAUSES, string>> = {
  credentials: 'Make a new key at the venue and let the backend send it (change key).',
  ip: "Add this server's address to the key's list at the venue, or remove the list.",
  permission: 'Allow reading (and, where the venue asks for it, trading) for the key at the venue.',
  clock: 'Nothing, unless it repeats: then look at the time synchronisation of this host.',
  limit: 'Nothing: it waits as long as the venue asked.',
  venue: "Nothing: it tries again by itself. The venue's status page may tell more.",
};

function login({ refusal, pausedMs }: StreamDetail): readonly Finding[] {
  const pause = pausedMs > 0 ? ` No login is tried for ${span(pausedMs)}.` : '';
  if (!refusal) {
    if (pausedMs === 0) return [];
    const words = `Logins with this key pause, as it was refused for another stream of the same account.${pause}`;
    return [{ health: 'bad', words, advice: ADVICE.credentials }];
  }
  const { cause, code, text } = refusal;
  return [
    {
      health: cause === 'clock' || cause === 'limit' ? 'warn' : 'bad',
      words: `The login was refused: ${CAUSES[cause]}. The venue said “${code} ${text}”.${pause}`,
      advice: ADVICE[cause],
    },
  ];
}

function connection({ state, history, refusal }: StreamDetail): readonly Finding[] {
  if (state === 'live') return [{ health: 'ok', words: 'The connection is live, logged in and subscribed.' }];
  const lost = last(history, 'lost');
  const [because, isOurs] = lost ? reasonText(lost.reason) : ['it was not connected yet', false];
  if (refusal) return [{ health: 'bad', words: `There is no connection (${state}).` }];
  return [
    {
      health: 'bad',
      words: `There is no connection (${state}): ${because}.`,
      advice: isOurs ? 'Look at the network of this host.' : ADVICE.venue,
    },
  ];
}

/** The words of the socket, told as a person would. */
function reasonText(reason: string): readonly [words: string, isOurs: boolean] {
  if (/^http_(429|418)$/.test(reason)) return [`the venue limits new connections (${reason})`, false];
  if (/^http_(403|451)$/.test(reason)) return [`the venue blocks this address or region (${reason})`, true];
  if (/^http_5|^close_10(01|12|13)$/.test(reason)) return [`the venue is in trouble (${reason})`, false];
  if (/^(enotfound|eai_again|econnrefused|enetunreach|ehostunreach|etimedout|timeout)$/.test(reason)) {
    return [`the venue cannot be reached (${reason})`, true];
  }
  if (reason === 'no_endpoint') return ["the venue's API did not let us in (no_endpoint)", false];
  if (reason === 'no_pong' || reason === 'silent') return [`the venue fell silent (${reason})`, false];
  return [`the last one ended (${reason})`, false];
}

function topics({ refusedTopics }: StreamDetail): readonly Finding[] {
  return refusedTopics.map(({ topic, code, text }) => ({
    health: 'bad',
    words: `The venue refuses the topic ${topic}: “${code} ${text}”.`,
    advice: 'Events of this kind cannot come. The words of the venue tell what the key lacks.',
  }));
}

function gaps({ openGaps, history }: StreamDetail): readonly Finding[] {
  const told = last(history, 'reconciled');
  if (openGaps > 0) {
    const why = told?.failed === undefined ? '' : ` The last try failed: ${told.failed}.`;
    return [{ health: 'warn', words: `${openGaps} gaps wait for a snapshot of the account.${why}` }];
  }
  if (!told || told.failed !== undefined) return [];
  const found = told.found === 0 ? 'nothing was missed' : `${told.found} events were missed and published`;
  return [{ health: 'ok', words: `The last gap was closed by a snapshot of the account: ${found}.` }];
}

function delivery(
  { outbox, published, confirm }: StreamDetail,
  { broker, store }: ProcessStatus,
): readonly Finding[] {
  const found: Finding[] = [];
  if (!broker.isReady) {
    const words = `RabbitMQ is not connected: ${outbox.messages} events of this stream wait for it.`;
    found.push({ health: 'bad', words, advice: 'See the broker; nothing is lost meanwhile.' });
  } else if (outbox.oldestMs > SLOW_MS) {
    const words = `RabbitMQ confirms slowly: the oldest of ${outbox.messages} events waits for ${span(outbox.oldestMs)}.`;
    found.push({
      health: 'warn',
      words,
      advice: 'The queue userStreamEvents may be full: is its consumer up?',
    });
  }
  if (!store.isReady) {
    const words = 'Redis is not connected: who listens on pub/sub gets nothing for now.';
    found.push({ health: 'bad', words, advice: 'See Redis. RabbitMQ has every event.' });
  }
  if (found.length > 0) return found;
  const took = confirm.lastMs === undefined ? '' : `, the last one after ${confirm.lastMs} ms`;
  return [
    {
      health: 'ok',
      words: `${published} events were published, ${confirm.count} confirmed by RabbitMQ${took}.`,
    },
  ];
}

/** Everything works, and still there is nothing. */
function silence({ lastEventAt, openedAt }: StreamDetail, at: number): readonly Finding[] {
  if (lastEventAt !== undefined && at - lastEventAt < QUIET_MS) return [];
  const since =
    lastEventAt === undefined
      ? `since the stream was opened ${span(at - openedAt)} ago`
      : `for ${span(at - lastEventAt)}`;
  return [
    {
      health: 'ok',
      words: `The venue has told no event ${since}.`,
      advice: 'Does the bot trade on the account of this key? Did orders change there at all?',
    },
  ];
}

type Entry<W> = Extract<StreamEntry, { readonly what: W }>;

function last<W extends StreamEntry['what']>(history: readonly StreamEntry[], what: W): Entry<W> | undefined {
  return history.findLast((entry): entry is Entry<W> => entry.what === what);
}

export function span(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7_200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3_600)} h`;
}
