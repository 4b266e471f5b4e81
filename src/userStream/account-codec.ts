import type { AccountEvent } from '../domain/account';
import type { Codec, DecodeContext, Decoded, MarketDescriptor } from '../venues/contract';
import type { StreamHistory } from './stream-history';
import type { VenueClock } from './venue-clock';

/** The venue's codec with an ear on it: what concerns clock and history is noted, nothing is changed. */
export class AccountCodec implements Codec<AccountEvent, unknown> {
  constructor(
    private readonly codec: Codec<AccountEvent, unknown>,
    private readonly venueClock: Pick<VenueClock, 'distrust'>,
    private readonly history: StreamHistory | undefined,
  ) {}

  begin(market: MarketDescriptor): unknown {
    return this.codec.begin(market);
  }

  decode(frame: string, context: DecodeContext<unknown>): Decoded<AccountEvent> {
    const decoded = this.codec.decode(frame, context);
    if (decoded.kind === 'events') this.history?.heard(decoded.topics);
    else if (decoded.kind === 'loginRefused' || decoded.kind === 'refused') this.heed(decoded);
    return decoded;
  }

  private heed({ kind, reason }: Extract<Decoded<AccountEvent>, { kind: 'loginRefused' | 'refused' }>): void {
    // A refused time is measured anew before the next dial, whatever the transport makes of the refusal.
    if (reason.cause === 'clock') this.venueClock.distrust();
    // What is refused for good is told by the breaker, with the pause that follows.
    if (kind === 'loginRefused' && reason.retry !== 'never') this.history?.refused(reason);
  }
}
