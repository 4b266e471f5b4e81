import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Store } from '../store/ports';
import { SERVICE_LOG } from './routes';

const RETRY_MS = 1_000;

/** JSON notices on `serviceLog` (contract 2.3), the bus that all services share. */
export class ServiceLog {
  private readonly timers = new Set<Timer>();
  private isStopped = false;

  constructor(
    private readonly store: Store,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {}

  /** Repeated until Redis really takes it: a boot notice that is lost leaves every subscriber deaf. */
  async untilTaken(body: object, kind: string): Promise<void> {
    if ((await this.publish(body, kind)) || this.isStopped) return;
    const timer = this.deps.clock.after(RETRY_MS, () => {
      this.timers.delete(timer);
      void this.untilTaken(body, kind);
    });
    this.timers.add(timer);
  }

  /** Tried once: a notice of something that is told again, or that is worth nothing later. */
  async publish(body: object, kind: string): Promise<boolean> {
    const { meter, log } = this.deps.telemetry;
    try {
      await this.store.publishAll([{ channel: SERVICE_LOG, payload: JSON.stringify(body) }]);
      meter.count('connector_notices_total', { kind, outcome: 'published' });
      return true;
    } catch (error) {
      meter.count('connector_notices_total', { kind, outcome: 'failed' });
      log.warn({ kind, error: errorText(error) }, 'notice not published');
      return false;
    }
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) this.deps.clock.cancel(timer);
    this.timers.clear();
  }
}
