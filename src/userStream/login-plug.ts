import type { Account, AccountFeed, AccountRest, LinkRules } from '../venues/contract';
import type { AccountPlug } from './account-feed';
import type { LoginLines } from './login-lines';
import { Looks } from './looks';

/** One login as it is plugged in. */
export class LoginPlug implements AccountPlug {
  readonly rest: AccountRest;
  private asked: Looks | undefined;

  /** @throws whatever `lines` throw: the line of the session is opened at once */
  constructor(
    readonly account: Account,
    readonly feed: AccountFeed,
    readonly rules: LinkRules,
    readonly fingerprint: string,
    private readonly lines: LoginLines,
  ) {
    this.rest = lines.open(() => 'session');
  }

  get looks(): Looks {
    return (this.asked ??= new Looks(this.lines));
  }

  get looksSentAt(): () => number {
    return () => this.looks.timeSentAt;
  }
}
