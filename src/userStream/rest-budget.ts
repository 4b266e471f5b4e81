import { ConnectorError } from '../domain/errors';
import { RateSchedule } from '../transport/limits';
import type { Clock, Timer } from '../domain/time';
import type { AccountRestRules, InTurn } from '../venues/contract';

/**
 * What a call is for. Sessions cannot be dialled without theirs, so they go first; then what may have been missed,
 * then questions about what nobody has missed yet.
 */
export type RestLane = 'session' | 'look' | 'audit';

interface Turn {
  readonly account: RateSchedule;
  readonly weight: number;
  readonly run: () => void;
}

/** Who goes first. */
const LANES: readonly RestLane[] = ['session', 'look', 'audit'];
/** Of calls that no login is charged for. */
const NOBODY = new RateSchedule([]);
const MAX_ACCOUNTS = 20_000;
/** Of the rate that is left to those who go first: a listen key, or a gap, must not wait until the minute is over. */
const RESERVED: Readonly<Record<RestLane, number>> = { session: 0, look: 0.2, audit: 0.5 };
/**
 * Calls of one host that are on their way. A venue's budget of a minute would else leave at once, each call
 * with a connection of its own, and be held against us.
 */
const MOST_AT_ONCE = 24;
/** Of these, with those that go first: however many looks hang, a session gets what it is dialled with. */
const AT_ONCE: Readonly<Record<RestLane, number>> = { session: MOST_AT_ONCE, look: 18, audit: 12 };

/**
 * The calls of all accounts that a venue counts together, mostly those of one host. First come, first served
 * within a lane; an account that has used up its own rates lets the others pass.
 */
class HostTurns {
  readonly schedule: RateSchedule;
  private readonly lanes: Readonly<Record<RestLane, Set<Turn>>> = {
    session: new Set(),
    look: new Set(),
    audit: new Set(),
  };
  /** Of the tightest rate, in the venue's weights. */
  private readonly tightest: number;
  private timer: Timer | undefined;
  /** Of the login that has to be silent longest; monotonic ms. */
  private silence: { readonly login: string; readonly until: number } | undefined;
  private readonly underWay: Record<RestLane, number> = { session: 0, look: 0, audit: 0 };

  constructor(
    private readonly clock: Clock,
    rules: AccountRestRules,
  ) {
    this.schedule = new RateSchedule(rules.perIp);
    this.tightest = Math.min(...rules.perIp.map(({ count }) => count));
  }

  enter(lane: RestLane, turn: Turn): void {
    this.lanes[lane].add(turn);
    this.pump();
  }

  leave(lane: RestLane): void {
    this.underWay[lane] -= 1;
    this.pump();
  }

  /** One login was told to be silent. A second one beside it: it is the address that is meant. */
  silenced(login: string, until: number): void {
    const other = this.silence;
    if (!other || other.login === login || other.until <= this.clock.monotonic()) {
      this.silence = { login, until };
      return;
    }
    this.schedule.pauseUntil(Math.min(until, other.until));
    if (until > other.until) this.silence = { login, until };
  }

  private hasRoom(lane: RestLane): boolean {
    const { session, look, audit } = this.underWay;
    if (session + look + audit >= MOST_AT_ONCE) return false;
    return lane === 'session' || (lane === 'look' ? look + audit : audit) < AT_ONCE[lane];
  }

  private pump(): void {
    this.clock.cancel(this.timer);
    this.timer = undefined;
    const now = this.clock.monotonic();
    let next = Infinity;
    for (const lane of LANES) {
      const reserve = Math.floor(this.tightest * RESERVED[lane]);
      for (const turn of this.lanes[lane]) {
        if (!this.hasRoom(lane)) break;
        const at = this.schedule.earliest(now, turn.weight + reserve);
        // The head of the row is not overtaken by lighter calls: it would wait for ever.
        if (at > now) return this.wakeAt(Math.min(next, at), now);
        const own = turn.account.earliest(now, turn.weight);
        if (own > now) next = Math.min(next, own);
        else {
          this.schedule.take(now, turn.weight);
          turn.account.take(now, turn.weight);
          this.lanes[lane].delete(turn);
          this.underWay[lane] += 1;
          turn.run();
        }
      }
    }
    if (next < Infinity) this.wakeAt(next, now);
  }

  private wakeAt(at: number, now: number): void {
    this.timer = this.clock.after(at - now, () => this.pump());
  }
}

/**
 * One budget of signed REST calls per host, shared by every account of the process, and one per login.
 * Callers ask one call after the other, so that the rows are no longer than the accounts are many.
 */
export class RestBudget {
  private readonly hosts = new Map<string, HostTurns>();
  private readonly accounts = new Map<string, RateSchedule>();

  constructor(private readonly clock: Clock) {}

  /** The way to the calls of one login at one host. @param login absent: calls that count for nobody's own */
  turns(
    host: string,
    login: string | undefined,
    rules: AccountRestRules,
    laneNow: RestLane | (() => RestLane),
  ): InTurn {
    const account = login === undefined ? NOBODY : this.accountOf(`${host} ${login}`, rules);
    return async (call, weight = 1) => {
      const turns = this.hostOf(host, rules);
      const lane = typeof laneNow === 'function' ? laneNow() : laneNow;
      await new Promise<void>((run) => turns.enter(lane, { account, weight, run }));
      try {
        return await call();
      } finally {
        turns.leave(lane);
      }
    };
  }

  /** A call was refused for its rate. @param login whose call it was; absent: nobody's own */
  limited(host: string, login: string | undefined, rules: AccountRestRules, forMs: number): void {
    const turns = this.hostOf(host, rules);
    const until = this.clock.monotonic() + forMs;
    if (login === undefined || rules.limitedBy === 'address') return turns.schedule.pauseUntil(until);
    this.accountOf(`${host} ${login}`, rules).pauseUntil(until);
    turns.silenced(login, until);
  }

  private hostOf(host: string, rules: AccountRestRules): HostTurns {
    const name = rules.countedAs ?? host;
    let turns = this.hosts.get(name);
    if (!turns) {
      turns = new HostTurns(this.clock, rules);
      this.hosts.set(name, turns);
    }
    return turns;
  }

  private accountOf(name: string, rules: AccountRestRules): RateSchedule {
    const known = this.accounts.get(name) ?? new RateSchedule(rules.perAccount);
    this.accounts.delete(name);
    this.accounts.set(name, known);
    const oldest = this.accounts.size > MAX_ACCOUNTS ? this.accounts.keys().next().value : undefined;
    if (oldest !== undefined) this.accounts.delete(oldest);
    return known;
  }
}

/** For how long the venue wants silence, ms; undefined: the failure is of another kind. */
export function silenceAsked(error: unknown): number | undefined {
  if (!(error instanceof ConnectorError) || error.code !== 'REST_LIMITED') return undefined;
  return typeof error.retry === 'object' ? error.retry.afterMs : undefined;
}
