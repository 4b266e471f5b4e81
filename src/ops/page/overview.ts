/** What the page shows, made of what the process tells: rates, verdicts and their words. Pure. */
import type {
  HostStatus,
  MarketStatus,
  ProcessStatus,
  Quantiles,
  StreamStatus,
  VenueStatus,
} from '../../domain/status';
import { doorCards, type DoorCard } from './door-cards';
import type { Health, Verdict } from './verdict';
import { marketVerdict, streamVerdict, worst } from './verdict';

export interface MarketRow extends Verdict {
  readonly exchange: string;
  readonly sockets: { readonly live: number; readonly all: number };
  readonly topics: { readonly live: number; readonly all: number; readonly refused: number };
  /** Events per second. */
  readonly rate: number;
  readonly venueLatency?: Quantiles;
  readonly publishLatency?: Quantiles;
  readonly lastDataAt?: number;
  readonly reconnects: number;
  readonly gaps: { readonly all: number; readonly open: number };
  readonly detail: MarketStatus;
}

export interface VenueBlock extends Omit<VenueStatus, 'worker'> {
  readonly markets: readonly MarketRow[];
  /** What is left of the most used budget of new connections, 0 to 1; absent: nothing was dialled yet. */
  readonly dialsLeft?: number;
  readonly hosts: NonNullable<VenueStatus['worker']>['hosts'];
  readonly clockOffset?: number;
}

export interface StreamRow extends StreamStatus, Verdict {}

export interface Overview extends Verdict {
  readonly role: ProcessStatus['role'];
  readonly instance: string;
  readonly at: number;
  readonly doors: readonly DoorCard[];
  readonly venues: readonly VenueBlock[];
  /** Account streams: the troubled ones first, bounded; `counts` has all of them. */
  readonly streams?: {
    readonly rows: readonly StreamRow[];
    readonly counts: Readonly<Record<string, number>>;
  };
  /** Events per second of the whole process. */
  readonly rate: number;
  /** The worst of the markets' or, of account streams, the confirm's p99; seconds. */
  readonly p99?: number;
  /** Everything that is not well, worst first. */
  readonly problems: readonly { readonly health: Health; readonly where: string; readonly words: string }[];
}

const STREAMS_TOLD = 200;
/** Shorter windows only pace; the share that is left of them says nothing. */
const BUDGET_MS = 10_000;
const SEVERITY: Readonly<Record<Health, number>> = { bad: 0, warn: 1, ok: 2, off: 3 };

/** `before`: an earlier status of the same process, for the rates. */
export function overview(
  status: ProcessStatus,
  before: ProcessStatus | undefined,
  streams?: readonly StreamStatus[],
): Overview {
  const { role, instance, at } = status;
  const doors = doorCards(status);
  const venues = status.venues.map((venue) => venueBlock(venue, at, rateMeter(venue.venue, status, before)));
  const told = streams && streamRows(streams, status);
  const problems = problemsOf(doors, venues, told?.rows ?? []);
  const p99 = slowest(status, venues);
  return {
    role,
    instance,
    at,
    health: worst(problems.map(({ health }) => health)),
    words: summary(problems),
    doors,
    venues,
    ...(told && { streams: told }),
    rate: streamRate(status, before) + sum(venues.flatMap(ratesOf)),
    ...(p99 !== undefined && { p99 }),
    problems,
  };
}

function summary(problems: Overview['problems']): string {
  const down = problems.filter(({ health }) => health === 'bad').length;
  if (down > 0) return `${down} down`;
  return problems.length === 0 ? 'all well' : `${problems.length} to look at`;
}

type RateOf = (market: MarketStatus) => number;

function venueBlock({ worker, ...venue }: VenueStatus, at: number, rateOf: RateOf): VenueBlock {
  const hosts = worker?.hosts ?? [];
  const shares = hosts.flatMap(shareLeft);
  return {
    ...venue,
    hosts,
    markets: (worker?.markets ?? []).map((market) => marketRow(market, at, rateOf(market))),
    ...(shares.length > 0 && { dialsLeft: Math.min(...shares) }),
    ...(worker?.clockOffset !== undefined && { clockOffset: worker.clockOffset }),
  };
}

/** By the longest window: a short one only paces, and is used up at every dial. */
function shareLeft({ limits }: HostStatus): readonly number[] {
  const longest = limits.reduce<HostStatus['limits'][number] | undefined>(
    (best, one) => (best && best.perMs >= one.perMs ? best : one),
    undefined,
  );
  return longest && longest.perMs >= BUDGET_MS ? [longest.left / longest.count] : [];
}

function marketRow(market: MarketStatus, at: number, rate: number): MarketRow {
  const { exchange, channels, gaps, gapCount, publishLatency } = market;
  const connections = channels.flatMap((channel) => channel.connections);
  const venueLatency = channels.find((channel) => channel.venueLatency)?.venueLatency;
  const newest = Math.max(...channels.map(({ lastDataAt }) => lastDataAt ?? 0));
  const topics = channels.map((channel) => channel.topics);
  return {
    exchange,
    ...marketVerdict(market, at),
    sockets: { live: connections.filter(({ state }) => state === 'live').length, all: connections.length },
    topics: {
      live: sum(topics.map(({ acked, confirmed }) => acked + confirmed)),
      all: sum(topics.flatMap((states) => Object.values(states))),
      refused: sum(topics.map(({ refused }) => refused)),
    },
    rate,
    reconnects: sum(channels.map(({ totals }) => totals.disconnects)),
    gaps: { all: gapCount, open: gaps.filter(({ closedAt }) => closedAt === undefined).length },
    detail: market,
    ...(venueLatency && { venueLatency }),
    ...(publishLatency && { publishLatency }),
    ...(newest > 0 && { lastDataAt: newest }),
  };
}

// ---------------------------------------------------------------------------- rates

function rateMeter(venue: string, now: ProcessStatus, before: ProcessStatus | undefined): RateOf {
  const earlier = before?.venues.find((one) => one.venue === venue)?.worker?.markets ?? [];
  const seconds = before ? (now.at - before.at) / 1_000 : 0;
  return (market) => {
    const then = earlier.find(({ exchange }) => exchange === market.exchange);
    return then ? perSecond(eventsOf(market) - eventsOf(then), seconds) : 0;
  };
}

function streamRate(now: ProcessStatus, before: ProcessStatus | undefined): number {
  const told = ({ streamEvents = 0 }: ProcessStatus): number => streamEvents;
  return before ? perSecond(told(now) - told(before), (now.at - before.at) / 1_000) : 0;
}

/** Counts fall where a thread was started anew, or a stream closed: that is no negative rate. */
function perSecond(events: number, seconds: number): number {
  return seconds > 0 ? Math.max(0, events / seconds) : 0;
}

function eventsOf({ channels }: MarketStatus): number {
  return sum(channels.map(({ totals }) => totals.events));
}

// ---------------------------------------------------------------------------- streams and problems

function streamRows(
  streams: readonly StreamStatus[],
  status: ProcessStatus,
): { readonly rows: readonly StreamRow[]; readonly counts: Readonly<Record<string, number>> } {
  const counts: Record<string, number> = {};
  for (const { state } of streams) counts[state] = (counts[state] ?? 0) + 1;
  const rows = streams.map((stream) => ({ ...stream, ...streamVerdict(stream, status) })).sort(byUrgency);
  return { rows: rows.slice(0, STREAMS_TOLD), counts };
}

function byUrgency(a: StreamRow, b: StreamRow): number {
  return (
    SEVERITY[a.health] - SEVERITY[b.health] || a.exchange.localeCompare(b.exchange) || a.openedAt - b.openedAt
  );
}

function problemsOf(
  doors: readonly DoorCard[],
  venues: readonly VenueBlock[],
  streams: readonly StreamRow[],
): Overview['problems'] {
  const all = [
    ...doors.map(({ health, words, name }) => ({ health, words, where: name })),
    ...venues.flatMap(threadProblem),
    ...venues.flatMap(({ markets }) =>
      markets.map(({ health, words, exchange }) => ({ health, words, where: exchange })),
    ),
    ...streams.map(({ health, words, exchange, room }) => ({ health, words, where: `${exchange} ${room}` })),
  ];
  return all
    .filter(({ health }) => health === 'bad' || health === 'warn')
    .sort((a, b) => SEVERITY[a.health] - SEVERITY[b.health])
    .slice(0, 20);
}

function threadProblem({ venue, thread, markets }: VenueBlock): Overview['problems'] {
  if (thread === 'waiting')
    return [{ health: 'bad', where: venue, words: 'its thread died and is being restarted' }];
  const isMute = thread === 'running' && markets.length === 0;
  return isMute ? [{ health: 'warn', where: venue, words: 'its thread starts, or does not answer' }] : [];
}

function slowest({ outbox }: ProcessStatus, venues: readonly VenueBlock[]): number | undefined {
  const markets = venues.flatMap((venue) => venue.markets);
  const all = [outbox?.confirmLatency, ...markets.map(({ publishLatency }) => publishLatency)];
  const p99s = all.flatMap((quantiles) => quantiles?.p99 ?? []);
  return p99s.length === 0 ? undefined : Math.max(...p99s);
}

function ratesOf({ markets }: VenueBlock): readonly number[] {
  return markets.map(({ rate }) => rate);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0);
}
