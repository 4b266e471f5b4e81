import type { Outbox } from '../bus/outbox';
import type { Broker } from '../bus/ports';
import type { Config } from '../config';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import type { Store } from '../store/ports';
import type { ExchangeId } from '../domain/exchange';
import type { KnownMarket } from '../venues/registry';

/** Everything that `Connector` does not make itself. */
export interface ConnectorDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly broker: Broker;
  readonly store: Store;
  readonly outbox: Outbox;
  /** The markets that can be served; default: all that are registered. */
  marketOf(exchange: ExchangeId): KnownMarket | undefined;
}
