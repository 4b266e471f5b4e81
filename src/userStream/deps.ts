import type { Outbox } from '../bus/outbox';
import type { Broker } from '../bus/ports';
import type { Config } from '../config';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import type { Store } from '../store/ports';
import type { ExchangeId } from '../domain/exchange';
import type { KnownMarket } from '../venues/registry';

/**
 * `servers`: RabbitMQ and Redis. `embedded`: in-process stand-ins, which keep nothing: who listens to the
 * emitter hears of events, and nobody else.
 */
export type DoorKind = 'servers' | 'embedded';

/** Everything that `Connector` does not make itself. */
export interface ConnectorDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  /** What `broker` and `store` are where they are not given. */
  readonly doors: DoorKind;
  readonly broker: Broker;
  readonly store: Store;
  readonly outbox: Outbox;
  /** The markets that can be served; default: all that are registered. */
  marketOf(exchange: ExchangeId): KnownMarket | undefined;
}
