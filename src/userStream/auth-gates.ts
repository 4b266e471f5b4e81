import type { Clock } from '../domain/time';
import type { BreakerPolicy, BreakerState, Verdict } from './auth-breaker';
import { closedBreaker, refused } from './auth-breaker';

interface Gate {
  readonly state: BreakerState;
  /** Monotonic ms before which nobody logs in. */
  readonly until: number;
}

const MAX_GATES = 10_000;

/**
 * The breakers of all logins, by fingerprint: rooms that share credentials share the pause, and closing
 * and opening a room does not end it. Bounded: the login refused longest ago is forgotten first.
 */
export class AuthGates {
  private readonly gates = new Map<string, Gate>();

  constructor(
    private readonly policy: BreakerPolicy,
    private readonly clock: Pick<Clock, 'monotonic'>,
  ) {}

  /** How long a login has to wait, ms. */
  pauseMs(login: string): number {
    const gate = this.gates.get(login);
    return gate ? Math.max(0, gate.until - this.clock.monotonic()) : 0;
  }

  refused(login: string): Verdict {
    const now = this.clock.monotonic();
    const known = this.gates.get(login);
    const verdict = refused(known?.state ?? closedBreaker, now, this.policy);
    this.gates.delete(login);
    this.gates.set(login, { state: verdict.state, until: now + verdict.waitMs });
    const oldest = this.gates.size > MAX_GATES ? this.gates.keys().next().value : undefined;
    if (oldest !== undefined) this.gates.delete(oldest);
    return verdict;
  }

  /** Only real account data proves that credentials work: a login alone may be followed by a refusal. */
  proven(login: string): void {
    this.gates.delete(login);
  }
}
