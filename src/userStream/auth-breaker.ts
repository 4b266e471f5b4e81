/** Refused credentials: a few tries, then silence that doubles. Pure. */
export interface BreakerPolicy {
  readonly windowMs: number;
  /** Refusals within the window before the breaker opens. */
  readonly threshold: number;
  readonly cooldownMs: number;
  readonly cooldownMaxMs: number;
}

export interface BreakerState {
  readonly refusals: readonly number[];
  /** Times the breaker has opened since real account data was last seen. */
  readonly strikes: number;
}

export const closedBreaker: BreakerState = { refusals: [], strikes: 0 };

const FIRST_RETRY_MS = 5_000;

export interface Verdict {
  readonly state: BreakerState;
  /** Wait so long before the next login. */
  readonly waitMs: number;
  /** True where this refusal opened the breaker: tell the operator. */
  readonly isTripped: boolean;
}

export function refused(state: BreakerState, now: number, policy: BreakerPolicy): Verdict {
  const refusals = [...state.refusals.filter((at) => now - at < policy.windowMs), now];
  if (refusals.length < policy.threshold && state.strikes === 0) {
    const waitMs = FIRST_RETRY_MS * 2 ** (refusals.length - 1);
    return { state: { ...state, refusals }, waitMs, isTripped: false };
  }
  const waitMs = Math.min(policy.cooldownMaxMs, policy.cooldownMs * 2 ** Math.min(state.strikes, 30));
  return { state: { refusals: [], strikes: state.strikes + 1 }, waitMs, isTripped: true };
}
