import type { Simulator } from '../../simulator';
import { ACCOUNT_FAULTS } from './account-faults';
import { once, type Fault } from './fault';
import { SERVER_FAULTS } from './server-faults';

/** A fault of venues' servers: at one venue's origin, or everywhere. */
function atVenues(name: string, faults: Parameters<Simulator['faults']['set']>[0], isDropped = false): Fault {
  return {
    name,
    lastsMs: [300, 4_000],
    begin: (scene, chance) => {
      const simulators = [scene.venues, ...(scene.market ? [scene.market] : [])];
      const isEverywhere = chance.next() < 0.5;
      const targets = simulators.map((simulator) => {
        const origins = Object.entries(simulator.stats()).filter(([, { open }]) => open > 0);
        return {
          simulator,
          target: isEverywhere || origins.length === 0 ? {} : { origin: chance.of(origins)[0] },
        };
      });
      for (const { simulator, target } of targets) {
        simulator.faults.set(faults, target);
        if (isDropped) simulator.drop(target);
      }
      return () => {
        for (const { simulator, target } of targets) simulator.faults.clear(target);
      };
    },
  };
}

const MUTED = 'venues: muted';
const HALF_OPEN = 'venues: half-open';

/**
 * Troubles that only an audit finds: a session that is silent while it answers pings, and one whose frames of
 * a while were lost before anybody could miss a ping. They belong to runs that audit often.
 */
export const DEAFENING: readonly string[] = [MUTED, HALF_OPEN];

export const FAULTS: readonly Fault[] = [
  once('venues: sockets cut', ({ venues, market }) => {
    venues.drop();
    market?.drop();
  }),
  once('venues: sockets closed cleanly', ({ venues, market }) => {
    venues.drop({ code: 1000 });
    market?.drop({ code: 1000 });
  }),
  once('venues: age limit reached', ({ venues }) => void venues.expire()),
  once('venues: notice of leave', ({ venues, market }) => {
    venues.notice();
    market?.notice();
  }),
  atVenues(MUTED, { stall: true }),
  atVenues(HALF_OPEN, { halfOpen: true }),
  atVenues('venues: dials refused', { dial: { status: 503 } }, true),
  atVenues('venues: dials limited', { dial: { status: 429, retryAfterS: 2 } }, true),
  atVenues('venues: dials hang', { dial: 'hang' }, true),
  atVenues('venues: garbage', { garble: { kind: 'garbage', every: 3 } }),
  atVenues('venues: REST fails', { rest: { status: 500 } }, true),
  atVenues('venues: REST hangs', { rest: 'hang' }, true),
  ...SERVER_FAULTS,
  ...ACCOUNT_FAULTS,
  once('main: killed', ({ main }) => main.kill()),
  once('price: killed', ({ price }) => price?.kill()),
  {
    name: 'main: asleep',
    lastsMs: [500, 5_000],
    begin: ({ main }) => {
      main.freeze();
      return () => main.thaw();
    },
  },
  {
    name: 'consumer: slow',
    lastsMs: [500, 4_000],
    begin: ({ backend }) => {
      backend.pause();
      return () => backend.resume();
    },
  },
];
