/** Default wiring: the only place below the root that constructs infrastructure. */
import { MemoryBroker } from '../bus/memory';
import { Outbox } from '../bus/outbox';
import type { Broker } from '../bus/ports';
import { RabbitBroker } from '../bus/rabbit';
import type { Config } from '../config';
import { loadConfig, readEnvironment, rewriter } from '../config';
import { pairsOf } from '../instruments/exchange-service';
import { systemClock } from '../ops/clock';
import { createLog } from '../ops/logger';
import { createMeter } from '../ops/metrics';
import { MemoryStore } from '../store/memory';
import type { Store } from '../store/ports';
import { RedisStore } from '../store/redis';
import type { StoreDeps } from '../store/redis-link';
import { accountMarkets } from '../venues/registry';
import type { ConnectorDeps, DoorKind } from './deps';
import { VenueLines } from './venue-lines';

const REST_TIMEOUT_MS = 10_000;

/** What a bare `new Connector()` works with; every part can be given instead. */
export function defaultDeps(given: Partial<ConnectorDeps>): ConnectorDeps {
  const { doors = 'servers' } = given;
  const hasBroker = doors === 'servers' && given.broker === undefined;
  const config = given.config ?? loadConfig(readEnvironment(), undefined, { hasBroker });
  const deps = surroundings(given, config);
  const broker = given.broker ?? openBroker(doors, config, deps);
  return {
    ...deps,
    config,
    doors,
    broker,
    store: given.store ?? openStore(doors, config, deps),
    marketOf: given.marketOf ?? accountMarkets(config.paperUrl),
    outbox: given.outbox ?? new Outbox(config.outbox, { broker, ...deps }),
  };
}

function surroundings(given: Partial<ConnectorDeps>, { log }: Config): StoreDeps {
  const { clock = systemClock, random = Math.random } = given;
  return { clock, random, telemetry: given.telemetry ?? { log: createLog(log), meter: createMeter() } };
}

function openBroker(doors: DoorKind, { rabbit, instanceId, userEvents }: Config, deps: StoreDeps): Broker {
  if (doors === 'embedded') return new MemoryBroker(deps);
  return new RabbitBroker({ ...rabbit, instanceId, ...(userEvents && { userEvents }) }, deps);
}

function openStore(doors: DoorKind, { redis, instanceId }: Config, deps: StoreDeps): Store {
  if (doors === 'embedded') return new MemoryStore(deps.clock);
  return new RedisStore({ ...redis, connectionName: instanceId }, deps);
}

export function openLines({ config, clock, random, telemetry }: ConnectorDeps): VenueLines {
  const { exchangeServiceUrl, endpoints, instrumentRefreshMs } = config;
  return new VenueLines({
    clock,
    telemetry,
    rewrite: rewriter(endpoints),
    restTimeoutMs: REST_TIMEOUT_MS,
    catalogue: {
      clock,
      random,
      telemetry,
      refreshMs: instrumentRefreshMs,
      ...(exchangeServiceUrl !== '' && { service: (id: string) => pairsOf(exchangeServiceUrl, id) }),
    },
  });
}
