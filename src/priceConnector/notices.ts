import { SERVICE_LOG } from '../bus/routes';
import { errorText } from '../domain/errors';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Store } from '../store/ports';
import type { Stall } from './stall-watch';

const BEACON_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * Notices on `serviceLog` (contract 2.3). The boot notice makes the backend ask for its candles again:
 * it is published once, as soon as Redis really takes it, and repeated until then.
 */
export class Notices {
  private readonly timers = new Set<Timer>();
  private readonly bootId: string;
  private isStopped = false;

  constructor(
    private readonly store: Store,
    private readonly identity: { readonly role: string; readonly pid: number; readonly sequence: number },
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {
    const { role, pid, sequence } = identity;
    this.bootId = `${role}-${pid}-${deps.clock.now()}-${sequence}`;
  }

  /** Call only when Redis is ready and the request queue is consumed: a herd of requests follows. */
  announce(): void {
    void this.untilTaken({ restart: 'priceConnector', bootId: this.bootId }, 'restart');
    this.beacon();
    this.timers.add(this.deps.clock.every(BEACON_MS, () => this.beacon()));
  }

  stall(stall: Stall): void {
    void this.publish({ watchdogStall: { ...stall, role: this.identity.role } }, 'watchdogStall');
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) this.deps.clock.cancel(timer);
    this.timers.clear();
  }

  /** Never holds the word `restart`: older readers would request everything anew each minute. */
  private beacon(): void {
    const { role } = this.identity;
    void this.publish({ priceConnectorAlive: { bootId: this.bootId, role } }, 'priceConnectorAlive');
  }

  private async untilTaken(body: object, kind: string): Promise<void> {
    if ((await this.publish(body, kind)) || this.isStopped) return;
    const timer = this.deps.clock.after(RETRY_MS, () => {
      this.timers.delete(timer);
      void this.untilTaken(body, kind);
    });
    this.timers.add(timer);
  }

  private async publish(body: object, kind: string): Promise<boolean> {
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
}
