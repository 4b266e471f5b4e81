/** Default wiring: the only place below the roots that constructs infrastructure. */
import { MemoryBroker } from '../bus/memory';
import { Outbox } from '../bus/outbox';
import type { Broker } from '../bus/ports';
import { RabbitBroker } from '../bus/rabbit';
import type { Config } from '../config';
import { loadConfig, readEnvironment } from '../config';
import { systemClock } from '../ops/clock';
import { createLog } from '../ops/logger';
import { createMeter } from '../ops/metrics';
import { MemoryStore } from '../store/memory';
import { RedisStore } from '../store/redis';
import type { DoorDeps, Doors, PriceConnectorDeps } from './deps';
import type { PriceSettings } from './settings';
import type { DoorKind } from './thread';
import { threadSpawner } from './thread';

export function openDoors(kind: DoorKind, config: Config, deps: DoorDeps): Doors {
  if (kind === 'embedded') return { broker: new MemoryBroker(deps), store: new MemoryStore(deps.clock) };
  return {
    broker: new RabbitBroker({ ...config.rabbit, instanceId: config.instanceId }, deps),
    store: new RedisStore({ ...config.redis, connectionName: config.instanceId }, deps),
  };
}

export function openOutbox({ outbox }: Config, broker: Broker, deps: DoorDeps): Outbox {
  return new Outbox(outbox, { broker, ...deps });
}

export function priceSettings(config: Config): PriceSettings {
  return {
    role: config.priceRole,
    candleMode: config.candleMode,
    tickerBook: config.tickerBook,
    tickerBatchMs: config.tickerBatchMs,
    tickerCacheMs: config.tickerCacheMs,
    instrumentRefreshMs: config.instrumentRefreshMs,
    stallMs: config.stallMs,
    exchangeServiceUrl: config.exchangeServiceUrl,
  };
}

/** What a bare `new PriceConnector()` works with; every part can be given instead. */
export function defaultDeps(given: Partial<PriceConnectorDeps>): PriceConnectorDeps {
  const config = given.config ?? loadConfig(readEnvironment());
  const clock = given.clock ?? systemClock;
  const random = given.random ?? Math.random;
  const telemetry = given.telemetry ?? { log: createLog(config.log), meter: createMeter() };
  const deps = { clock, random, telemetry };
  return {
    ...deps,
    config,
    doors: given.doors ?? openDoors('servers', config, deps),
    spawn: given.spawn ?? threadSpawner(config, 'servers', telemetry.log),
  };
}
