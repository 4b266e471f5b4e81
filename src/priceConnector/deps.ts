import type { Broker } from '../bus/ports';
import type { Config } from '../config';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import type { Store } from '../store/ports';
import type { SupervisorDeps } from './supervisor';

export interface DoorDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

export interface Doors {
  readonly broker: Broker;
  readonly store: Store;
}

/** Everything that `PriceConnector` does not make itself. */
export interface PriceConnectorDeps extends DoorDeps {
  readonly config: Config;
  /** The main thread's own connections: candle requests in, notices out. */
  readonly doors: Doors;
  /** Starts a venue's worker thread. */
  readonly spawn: SupervisorDeps['spawn'];
}
