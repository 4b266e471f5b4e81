import type { Config } from '../../config';
import { rewriter } from '../../config';
import type { Clock } from '../../domain/time';
import type { VenueAdapter } from '../../venues/contract';
import { allVenues } from '../../venues/registry';
import type { Check } from '../check';
import { rabbitObjects } from '../rabbit-objects';
import type { Loaded } from './configuration';
import { configuration } from './configuration';
import { exchangeService } from './exchange-service';
import { nodeVersion } from './node-version';
import { paperServer } from './paper-server';
import { rabbitConnection } from './rabbit-connection';
import { rabbitObject } from './rabbit-object';
import { redisConnection } from './redis-connection';
import { redisLatency } from './redis-latency';
import { redisMemory } from './redis-memory';
import { redisRights } from './redis-rights';
import { redisVersion } from './redis-version';
import { venueClock } from './venue-clock';
import { venueReach } from './venue-reach';

/** Every check; with a configuration that cannot be read, only those that need none. */
export function allChecks(loaded: Loaded, clock: Clock): readonly Check[] {
  const alone = [nodeVersion(), configuration(loaded)];
  return 'error' in loaded ? alone : [...alone, ...configured(loaded.config, clock)];
}

function configured(config: Config, clock: Clock): readonly Check[] {
  const { redis, rabbit } = config;
  return [
    redisConnection(redis, clock),
    redisVersion(redis),
    redisRights(redis),
    redisLatency(redis, clock),
    redisMemory(redis),
    rabbitConnection(rabbit, clock),
    ...rabbitObjects(config.userEvents).map((object) => rabbitObject(rabbit, object)),
    exchangeService(config.exchangeServiceUrl, clock),
    paperServer(config.paperUrl, clock),
    ...allVenues().flatMap((adapter) => venueChecks(adapter, config, clock)),
  ];
}

function venueChecks(adapter: VenueAdapter, config: Config, clock: Clock): readonly Check[] {
  const { venue, markets } = adapter.descriptor;
  const wanted: readonly string[] = config.priceExchanges;
  const enabled = markets.filter(({ selector }) => wanted.length === 0 || wanted.includes(selector));
  if (enabled.length === 0) return [];
  const asked = { venue, markets: enabled, rewrite: rewriter(config.endpoints) };
  return [venueReach(asked, clock), venueClock(adapter, asked, clock)];
}
