import type { Account, AccountFeed, AccountRest, LinkRules } from '../venues/contract';
import type { AccountPlug } from './account-feed';
import type { RestLane } from './rest-budget';

/** REST of one account in one lane. */
export interface RestLine {
  readonly rest: AccountRest;
  readonly sentAt: () => number;
}

/** One login as it is plugged in. Its line for looks is opened with the first look: most streams need none. */
export class LoginPlug implements AccountPlug {
  private readonly session: RestLine;
  private look: RestLine | undefined;

  /** @throws whatever `open` throws: the line of the session is opened at once */
  constructor(
    readonly account: Account,
    readonly feed: AccountFeed,
    readonly rules: LinkRules,
    readonly fingerprint: string,
    private readonly open: (lane: RestLane) => RestLine,
  ) {
    this.session = open('session');
  }

  get rest(): AccountRest {
    return this.session.rest;
  }

  get sentAt(): () => number {
    return this.session.sentAt;
  }

  get looks(): AccountRest {
    return this.lookLine.rest;
  }

  get looksSentAt(): () => number {
    return this.lookLine.sentAt;
  }

  private get lookLine(): RestLine {
    return (this.look ??= this.open('look'));
  }
}
