/** How a thing is doing, in a word and in a sentence. Pure. */
import type {
  ChannelStatus,
  MarketStatus,
  ProcessStatus,
  StreamCause,
  StreamStatus,
} from '../../domain/status';

export type Health = 'ok' | 'warn' | 'bad' | 'off';

export interface Verdict {
  readonly health: Health;
  /** One line; the venue's or the socket's own words where there are some. */
  readonly words: string;
}

/** Tickers of a whole market never rest for so long. */
const QUIET_MS = 20_000;
const DOWN_MS = 60_000;

export function worst(all: readonly Health[]): Health {
  if (all.includes('bad')) return 'bad';
  return all.includes('warn') ? 'warn' : 'ok';
}

// ---------------------------------------------------------------------------- markets

export function marketVerdict(market: MarketStatus, at: number): Verdict {
  const verdicts = market.channels.map((channel) => channelVerdict(channel, at));
  const { series, gaps } = market;
  const open = gaps.filter(({ closedAt }) => closedAt === undefined).length;
  if (open > 0)
    verdicts.push({ health: 'warn', words: `${series?.filling ?? 0} candle series being filled` });
  if (market.instruments === 0) verdicts.push({ health: 'warn', words: 'no list of instruments yet' });
  return gravest(verdicts);
}

function gravest(verdicts: readonly Verdict[]): Verdict {
  for (const health of ['bad', 'warn'] as const) {
    const found = verdicts.filter((one) => one.health === health);
    if (found.length > 0) return { health, words: found.map(({ words }) => words).join('; ') };
  }
  return verdicts.find(({ health }) => health === 'ok') ?? { health: 'off', words: 'nothing wanted' };
}

function channelVerdict(channel: ChannelStatus, at: number): Verdict {
  const { connections, topics, channel: name } = channel;
  const used = connections.filter(({ isSuccessor }) => !isSuccessor);
  if (used.length === 0) return { health: 'off', words: `no ${name} wanted` };
  const live = used.filter(({ state }) => state === 'live').length;
  if (live < used.length) return unconnected(channel, live, used.length);
  if (name === 'ticker') {
    const silent = silence(channel, at);
    if (silent) return silent;
  }
  if (topics.refused > 0) return refusedTopics(channel);
  return { health: 'ok', words: 'live' };
}

function unconnected(channel: ChannelStatus, live: number, all: number): Verdict {
  const { lastEnd, channel: name, connections } = channel;
  const attempt = Math.max(...connections.map((one) => one.attempt));
  const because = lastEnd ? `: ${lastEnd.reason}${attempt > 1 ? `, ${attempt} times in a row` : ''}` : '';
  if (live > 0) return { health: 'warn', words: `${name}: ${live} of ${all} connections live${because}` };
  if (!lastEnd) return { health: 'warn', words: `${name}: connecting` };
  return { health: attempt > 1 ? 'bad' : 'warn', words: `${name}: no connection${because}` };
}

function silence({ lastDataAt, connections }: ChannelStatus, at: number): Verdict | undefined {
  const liveMs = Math.max(...connections.map(({ forMs }) => forMs));
  const silentMs = Math.min(at - (lastDataAt ?? 0), liveMs);
  if (silentMs < QUIET_MS) return undefined;
  const words = `ticker: no data for ${Math.round(silentMs / 1_000)} s`;
  return { health: silentMs < DOWN_MS ? 'warn' : 'bad', words };
}

function refusedTopics({ topics, refused, channel }: ChannelStatus): Verdict {
  const [first] = refused;
  const example = first ? `: ${first.topic} (${first.code} ${first.text})` : '';
  return { health: 'warn', words: `${channel}: ${topics.refused} topics refused${example}` };
}

// ---------------------------------------------------------------------------- account streams

/** What a refusal means, and who has to do something about it. */
export const CAUSES: Readonly<Record<StreamCause, string>> = {
  credentials: 'the venue does not accept the key: it is revoked, expired or mistyped',
  ip: "this server's address is not on the key's list",
  permission: 'the key lacks a permission that the stream needs',
  clock: "our clock and the venue's differ: it is being measured anew",
  limit: 'the venue limits how often we may try',
  venue: 'the venue itself is in trouble',
};

export function streamVerdict(
  stream: StreamStatus,
  { broker, store }: Pick<ProcessStatus, 'broker' | 'store'>,
): Verdict {
  const { refusal, state, pausedMs, openGaps, reconnects } = stream;
  if (refusal) {
    const words = `${CAUSES[refusal.cause]} (${refusal.code} ${refusal.text})`;
    return { health: state === 'live' ? 'warn' : 'bad', words };
  }
  if (pausedMs > 0) return { health: 'bad', words: 'logins pause: the same key was refused elsewhere' };
  if (state !== 'live') {
    const isNew = reconnects === 0 && stream.lastEventAt === undefined;
    return { health: 'warn', words: isNew ? 'connecting' : 'reconnecting' };
  }
  if (openGaps > 0) return { health: 'warn', words: `${openGaps} gaps wait for a snapshot of the account` };
  if (!broker.isReady) return { health: 'warn', words: 'live; its events wait for RabbitMQ' };
  if (!store.isReady) return { health: 'warn', words: 'live; its events wait for Redis' };
  return { health: 'ok', words: 'live' };
}
