import { ConnectorError } from '../domain/errors';
import type { Account, AccountRest, AccountRestDeps } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import type { RestLane } from './rest-budget';
import type { TimedRestDeps, VenueLines } from './venue-lines';

/** The ways of one login to the REST API of its venue. */
export class LoginLines {
  constructor(
    private readonly account: Account,
    private readonly login: string,
    private readonly known: KnownMarket,
    private readonly lines: VenueLines,
  ) {}

  /** @throws ConnectorError COMMAND_INVALID where the venue has no accounts */
  open(lane: () => RestLane): AccountRest {
    return this.connect(this.lines.restDeps(this.known, this.login, lane));
  }

  /** For the venue's time, which is nobody's own question. */
  openClock(): { readonly rest: AccountRest; readonly sentAt: TimedRestDeps['sentAt'] } {
    const deps = this.lines.clockDeps(this.known);
    return { rest: this.connect(deps), sentAt: deps.sentAt };
  }

  /** A call of this login was refused for its rate. */
  limited(forMs: number): void {
    this.lines.limited(this.known, forMs, this.login);
  }

  private connect(deps: AccountRestDeps): AccountRest {
    const rest = this.known.adapter.connectAccount?.(this.account, deps);
    if (rest) return rest;
    throw new ConnectorError('COMMAND_INVALID', 'provider: not served', { retry: 'never' });
  }
}
