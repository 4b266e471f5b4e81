import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import { becameReady } from '../store/becoming-ready';
import type { Store } from '../store/ports';
import { SERVICE_LOG } from './routes';

const RETRY_MS = 1_000;
/** Redis that is there from the start answers sooner; one that does not has been away. */
const SOON_MS = 500;
/** After an outage the other clients of Redis need a moment until they listen again (ioredis waits up to 2 s). */
const LISTENERS_RETURN_MS = 3_000;

/** JSON notices on `serviceLog` (contract 2.3), the bus that all services share. */
export class ServiceLog {
  private readonly timers = new Set<Timer>();
  private readonly bornAt: number;
  private isStopped = false;

  constructor(
    private readonly store: Store,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {
    this.bornAt = deps.clock.monotonic();
  }

  /**
   * Repeated until Redis takes it and somebody hears it: a boot notice that is lost leaves every subscriber
   * deaf. Said once only where all goes well, as each hearing makes the backend ask for everything again.
   */
  async untilHeard(body: object, kind: string): Promise<void> {
    const { clock, telemetry } = this.deps;
    let since = this.bornAt;
    let isUnheard = false;
    while (!this.isStopped) {
      await becameReady(this.store);
      if (clock.monotonic() - since > SOON_MS) await this.pause(LISTENERS_RETURN_MS);
      const listeners = this.isStopped ? undefined : await this.listenersOf(body, kind);
      if (this.isStopped || (listeners ?? 0) > 0) return;
      if (listeners === 0 && !isUnheard)
        telemetry.log.warn({ kind }, 'nobody listens on serviceLog; told again');
      isUnheard ||= listeners === 0;
      await this.pause(RETRY_MS);
      since = clock.monotonic();
    }
  }

  /** Tried once: a notice of something that is told again, or that is worth nothing later. */
  async publish(body: object, kind: string): Promise<void> {
    await this.listenersOf(body, kind);
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) this.deps.clock.cancel(timer);
    this.timers.clear();
  }

  /** Undefined: Redis did not take it. */
  private async listenersOf(body: object, kind: string): Promise<number | undefined> {
    const { meter, log } = this.deps.telemetry;
    try {
      const listeners = await this.store.announce({ channel: SERVICE_LOG, payload: JSON.stringify(body) });
      meter.count('connector_notices_total', { kind, outcome: listeners > 0 ? 'published' : 'unheard' });
      return listeners;
    } catch (error) {
      meter.count('connector_notices_total', { kind, outcome: 'failed' });
      log.warn({ kind, error: errorText(error) }, 'notice not published');
      return undefined;
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.deps.clock.after(ms, () => {
        this.timers.delete(timer);
        resolve();
      });
      this.timers.add(timer);
    });
  }
}
