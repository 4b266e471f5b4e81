import { RateSchedule } from '../transport/limits';
import type { Clock, Timer } from '../domain/time';
import type { AccountRestRules, InTurn } from '../venues/contract';

/** What a call is for. Sessions cannot be dialled without theirs, so they go first. */
export type RestLane = 'session' | 'look';

interface Turn {
  readonly account: RateSchedule;
  readonly weight: number;
  readonly run: () => void;
}

/** Who goes first. */
const LANES: readonly RestLane[] = ['session', 'look'];
const MAX_ACCOUNTS = 20_000;
/** Of the rate that looks leave to sessions: a listen key must not wait until the minute is over. */
const RESERVED = 0.2;
/**
 * Calls of one host that are on their way. A venue's budget of a minute would else leave at once, each call
 * with a connection of its own, and be held against us.
 */
const MOST_AT_ONCE = 24;
/** Of these: however many looks hang, a session gets what it is dialled with. */
const MOST_LOOKS_AT_ONCE = 18;

/**
 * The calls of all accounts that one host counts together. First come, first served within a lane; an
 * account that has used up its own rates lets the others pass.
 */
class HostTurns {
  readonly schedule: RateSchedule;
  private readonly lanes: Readonly<Record<RestLane, Set<Turn>>> = { session: new Set(), look: new Set() };
  private readonly reserve: number;
  private timer: Timer | undefined;
  private readonly underWay: Record<RestLane, number> = { session: 0, look: 0 };

  constructor(
    private readonly clock: Clock,
    rules: AccountRestRules,
  ) {
    this.schedule = new RateSchedule(rules.perIp);
    this.reserve = Math.floor(Math.min(...rules.perIp.map(({ count }) => count)) * RESERVED);
  }

  enter(lane: RestLane, turn: Turn): void {
    this.lanes[lane].add(turn);
    this.pump();
  }

  leave(lane: RestLane): void {
    this.underWay[lane] -= 1;
    this.pump();
  }

  private hasRoom(lane: RestLane): boolean {
    const { session, look } = this.underWay;
    return session + look < MOST_AT_ONCE && (lane === 'session' || look < MOST_LOOKS_AT_ONCE);
  }

  private pump(): void {
    this.clock.cancel(this.timer);
    this.timer = undefined;
    const now = this.clock.monotonic();
    let next = Infinity;
    for (const lane of LANES) {
      const reserve = lane === 'look' ? this.reserve : 0;
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

  /** The way to the calls of one login at one host. */
  turns(host: string, login: string, rules: AccountRestRules, lane: RestLane): InTurn {
    const account = this.accountOf(`${host} ${login}`, rules);
    return async (call, weight = 1) => {
      const turns = this.hostOf(host, rules);
      await new Promise<void>((run) => turns.enter(lane, { account, weight, run }));
      try {
        return await call();
      } finally {
        turns.leave(lane);
      }
    };
  }

  /** The host asked for silence: it counts for every account. */
  pause(host: string, rules: AccountRestRules, forMs: number): void {
    this.hostOf(host, rules).schedule.pauseUntil(this.clock.monotonic() + forMs);
  }

  private hostOf(host: string, rules: AccountRestRules): HostTurns {
    let turns = this.hosts.get(host);
    if (!turns) {
      turns = new HostTurns(this.clock, rules);
      this.hosts.set(host, turns);
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
