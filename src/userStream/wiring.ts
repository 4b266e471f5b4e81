/** Default wiring: the only place below the root that constructs infrastructure. */
import { Outbox } from '../bus/outbox';
import { RabbitBroker } from '../bus/rabbit';
import { loadConfig, readEnvironment, rewriter } from '../config';
import { pairsOf } from '../instruments/exchange-service';
import { systemClock } from '../ops/clock';
import { createLog } from '../ops/logger';
import { createMeter } from '../ops/metrics';
import { RedisStore } from '../store/redis';
import { accountMarkets } from '../venues/registry';
import type { ConnectorDeps } from './deps';
import { VenueLines } from './venue-lines';

const REST_TIMEOUT_MS = 10_000;

/** What a bare `new Connector()` works with; every part can be given instead. */
export function defaultDeps(given: Partial<ConnectorDeps>): ConnectorDeps {
  const config = given.config ?? loadConfig(readEnvironment());
  const clock = given.clock ?? systemClock;
  const random = given.random ?? Math.random;
  const telemetry = given.telemetry ?? { log: createLog(config.log), meter: createMeter() };
  const deps = { clock, random, telemetry };
  const { instanceId, rabbit, redis, userEvents, outbox } = config;
  const broker =
    given.broker ?? new RabbitBroker({ ...rabbit, instanceId, ...(userEvents && { userEvents }) }, deps);
  return {
    ...deps,
    config,
    broker,
    store: given.store ?? new RedisStore({ ...redis, connectionName: instanceId }, deps),
    marketOf: given.marketOf ?? accountMarkets(config.paperUrl),
    outbox: given.outbox ?? new Outbox(outbox, { broker, ...deps }),
  };
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
