import { randomUUID } from 'node:crypto';
import type { Clock } from '../../domain/time';
import type { SideName } from './intervals';

/** 24 h: https://www.kucoin.com/docs-new/websocket-api/base-info/introduction */
const LIFE_MS = 24 * 3_600_000;
/** More than any test holds; the oldest go first. */
const MAX_HELD = 10_000;

/** Tokens that open one connection each, on the host that gave them. */
export class Tokens {
  private readonly held = new Map<string, { readonly side: SideName; readonly until: number }>();

  constructor(private readonly clock: Clock) {}

  issue(side: SideName): string {
    const token = `sim-${randomUUID()}.${randomUUID()}==`;
    this.held.set(token, { side, until: this.clock.monotonic() + LIFE_MS });
    if (this.held.size > MAX_HELD) this.held.delete(this.held.keys().next().value ?? '');
    return token;
  }

  /** True once: a used token is as dead as an old or unknown one. */
  redeem(side: SideName, token: string): boolean {
    const found = this.held.get(token);
    if (found?.side !== side) return false;
    this.held.delete(token);
    return this.clock.monotonic() < found.until;
  }
}
