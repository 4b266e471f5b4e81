import { errorText } from '../domain/errors';
import type { Timer } from '../domain/time';
import type { TransportDeps } from '../transport/dialer';
import type { AccountPlug } from './account-feed';

const TRIES = 3;
const RETRY_MS = 60_000;

/** Keeps the token of one session alive, from its coming live to its end. */
export class KeepAlive {
  private timer: Timer | undefined;
  /** Number of the life that is kept: an answer that comes after its end changes nothing. */
  private life = 0;

  constructor(
    private readonly plug: AccountPlug,
    private readonly deps: Pick<TransportDeps, 'clock' | 'telemetry'>,
    private readonly room: string | undefined,
    /** The token could not be extended: the session must be renewed. `isGone`: the venue says that there is none. */
    private readonly onFailed: (isGone: boolean) => void,
  ) {}

  start(): void {
    this.stop();
    this.wait(this.life, 0);
  }

  stop(): void {
    this.life += 1;
    this.deps.clock.cancel(this.timer);
  }

  private wait(life: number, failures: number): void {
    const { keepAlive } = this.plug.feed.session;
    if (!keepAlive) return;
    const delayMs = failures === 0 ? keepAlive.everyMs : RETRY_MS;
    this.timer = this.deps.clock.after(delayMs, () => {
      // Within a promise, so that a failure in the very call is one more rejection.
      Promise.resolve()
        .then(() => keepAlive.run(this.plug.account, this.plug.rest))
        .then(
          (outcome) => (outcome === 'gone' ? this.gone(life) : this.settled(life, 0)),
          (error: unknown) => {
            this.tell(error, failures);
            this.settled(life, failures + 1);
          },
        );
    });
  }

  private settled(life: number, failures: number): void {
    if (life !== this.life) return;
    if (failures < TRIES) this.wait(life, failures);
    else this.onFailed(false);
  }

  private gone(life: number): void {
    if (life !== this.life) return;
    const { exchange } = this.plug.account.market;
    this.deps.telemetry.log.warn(
      { exchange, room: this.room },
      'the venue has ended the token of the session; renewing it',
    );
    this.onFailed(true);
  }

  private tell(error: unknown, failures: number): void {
    const { exchange } = this.plug.account.market;
    this.deps.telemetry.log.warn(
      { exchange, room: this.room, failures, error: errorText(error) },
      'session not kept alive',
    );
  }
}
