import type { OutboundAccountPosition } from '../domain/account';
import type { AccountRest, AccountSnapshot, SnapshotQuery } from '../venues/contract';
import type { LoginLines } from './login-lines';
import type { RestLane } from './rest-budget';
import { silenceAsked } from './rest-budget';

/** What is asked of one login beside its sessions. Its line is opened with the first question: most need none. */
export class Looks implements AccountRest {
  /** When the last question for the time left, after it had waited its turn; epoch ms. */
  timeSentAt = -Infinity;
  private line: AccountRest | undefined;
  private lane: RestLane = 'look';

  constructor(private readonly lines: LoginLines) {}

  /** Every login of the venue waits for the answer: what this one has used up must not hold it back. */
  async serverTime(): Promise<number> {
    const { rest, sentAt } = this.lines.openClock();
    try {
      return await rest.serverTime();
    } finally {
      this.timeSentAt = sentAt();
    }
  }

  snapshot(query: SnapshotQuery): Promise<AccountSnapshot> {
    this.lane = query.isAudit ? 'audit' : 'look';
    return this.heeded(this.opened.snapshot(query));
  }

  async balances(): Promise<OutboundAccountPosition | undefined> {
    return this.heeded(this.opened.balances?.() ?? Promise.resolve(undefined));
  }

  private get opened(): AccountRest {
    return (this.line ??= this.lines.open(() => this.lane));
  }

  /** Whoever asks waits by itself; other questions of the login are to wait as well. */
  private async heeded<Answer>(answer: Promise<Answer>): Promise<Answer> {
    try {
      return await answer;
    } catch (error) {
      const silenceMs = silenceAsked(error);
      if (silenceMs !== undefined) this.lines.limited(silenceMs);
      throw error;
    }
  }
}
