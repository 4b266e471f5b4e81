/** Full jitter between `floorMs` and a ceiling that grows by `factor` per attempt up to `capMs`. */
export interface BackoffPolicy {
  readonly floorMs: number;
  readonly baseMs: number;
  readonly capMs: number;
  readonly factor: number;
}

/**
 * Delay before attempt `attempt` (0 = the first retry). Full jitter, because clients cut by one
 * outage must not return in step; the floor keeps a lucky draw from becoming a zero-delay loop.
 * @param random uniform in [0, 1)
 */
export function nextDelay(policy: BackoffPolicy, attempt: number, random: () => number): number {
  const ceiling = Math.min(policy.capMs, policy.baseMs * policy.factor ** Math.min(attempt, 64));
  const spread = Math.max(0, ceiling - policy.floorMs);
  return Math.round(policy.floorMs + spread * random());
}
