import { RateSchedule } from '../transport/limits';
import type { Clock, Timer } from '../domain/time';
import type { AccountRestRules } from '../venues/contract';

/** What a call is for. Sessions cannot be dialled without theirs, so they go first. */
export type RestLane = 'session' | 'look';

interface Turn {
  readonly account: RateSchedule;
  readonly weight: number;
  readonly run: () => void;
}

const MAX_ACCOUNTS = 20_000;
/** Of the rate that looks leave to sessions: a listen key must not wait until the minute is over. */
const RESERVED = 0.2;

/**
 * The calls of all accounts that one host counts together. First come, first served within a lane; an
 * account that has used up its own rates lets the others pass.
 */
class HostTurns {
  readonly schedule: RateSchedule;
  private readonly lanes: Readonly<Record<RestLane, Set<Turn>>> = { session: new Set(), look: new Set() };
  private readonly reserve: number;
  private timer: Timer | undefined;

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

  private pump(): void {
    this.clock.cancel(this.timer);
    this.timer = undefined;
    const now = this.clock.monotonic();
    let next = Infinity;
    for (const lane of [this.lanes.session, this.lanes.look]) {
      const reserve = lane === this.lanes.look ? this.reserve : 0;
      for (const turn of lane) {
        const at = this.schedule.earliest(now, turn.weight + reserve);
        // The head of the row is not overtaken by lighter calls: it would wait for ever.
        if (at > now) return this.wakeAt(Math.min(next, at), now);
        const own = turn.account.earliest(now, turn.weight);
        if (own > now) next = Math.min(next, own);
        else {
          this.schedule.take(now, turn.weight);
          turn.account.take(now, turn.weight);
          lane.delete(turn);
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

  /** The way to a call of one login at one host; resolves when it may be made. */
  turns(
    host: string,
    login: string,
    rules: AccountRestRules,
    lane: RestLane,
  ): (weight?: number) => Promise<void> {
    const account = this.accountOf(`${host} ${login}`, rules);
    return (weight = 1) =>
      new Promise((resolve) => this.hostOf(host, rules).enter(lane, { account, weight, run: resolve }));
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
