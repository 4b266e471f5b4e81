import { ServiceLog } from '../bus/service-log';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Store } from '../store/ports';
import type { Stall } from './stall-watch';

const BEACON_MS = 60_000;

/**
 * What the price process says on `serviceLog` (contract 2.3). The boot notice makes the backend ask for
 * its candles again.
 */
export class Notices {
  private readonly log: ServiceLog;
  private readonly bootId: string;
  private beaconTimer: Timer | undefined;

  constructor(
    store: Store,
    private readonly identity: { readonly role: string; readonly pid: number; readonly sequence: number },
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
  ) {
    const { role, pid, sequence } = identity;
    this.log = new ServiceLog(store, deps);
    this.bootId = `${role}-${pid}-${deps.clock.now()}-${sequence}`;
  }

  /** Call only when Redis is ready and the request queue is consumed: a herd of requests follows. */
  announce(): void {
    void this.log.untilHeard({ restart: 'priceConnector', bootId: this.bootId }, 'restart');
    this.beacon();
    this.beaconTimer = this.deps.clock.every(BEACON_MS, () => this.beacon());
  }

  stall(stall: Stall): void {
    void this.log.publish({ watchdogStall: { ...stall, role: this.identity.role } }, 'watchdogStall');
  }

  stop(): void {
    this.deps.clock.cancel(this.beaconTimer);
    this.log.stop();
  }

  /** Never holds the word `restart`: older readers would request everything anew each minute. */
  private beacon(): void {
    const { role } = this.identity;
    void this.log.publish({ priceConnectorAlive: { bootId: this.bootId, role } }, 'priceConnectorAlive');
  }
}
