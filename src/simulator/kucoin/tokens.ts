import { randomUUID } from 'node:crypto';
import type { Clock } from '../../domain/time';
import type { SideName } from './intervals';
import type { Owner } from './private-keys';

/** 24 h: https://www.kucoin.com/docs-new/websocket-api/base-info/introduction */
export const LIFE_MS = 24 * 3_600_000;
/** More than any test holds; the oldest go first. */
const MAX_HELD = 10_000;

interface Held {
  readonly side: SideName;
  readonly until: number;
  /** Of a private token: whose topics it opens. */
  readonly owner?: Owner;
}

/** Tokens that open one connection each, on the host that gave them. */
export class Tokens {
  private readonly held = new Map<string, Held>();

  constructor(
    private readonly clock: Clock,
    /** Of tokens that are given from now on. */
    private readonly lifeMs = () => LIFE_MS,
  ) {}

  issue(side: SideName, owner?: Owner): string {
    const token = `sim-${randomUUID()}.${randomUUID()}==`;
    const until = this.clock.monotonic() + this.lifeMs();
    this.held.set(token, { side, until, ...(owner && { owner }) });
    if (this.held.size > MAX_HELD) this.held.delete(this.held.keys().next().value ?? '');
    return token;
  }

  /** What it stands for, once: a used token is as dead as an old or unknown one. */
  redeem(side: SideName, token: string): Held | undefined {
    const found = this.held.get(token);
    if (found?.side !== side) return undefined;
    this.held.delete(token);
    return this.clock.monotonic() < found.until ? found : undefined;
  }
}
