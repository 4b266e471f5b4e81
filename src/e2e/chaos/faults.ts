import type { Simulator } from '../../simulator';
import type { Backend } from './backend';
import type { Daemon } from './daemon';
import type { Chance } from './random';
import type { Servers } from './servers';

export interface Scene {
  readonly venues: Simulator;
  readonly market: Simulator | undefined;
  readonly servers: Servers;
  readonly main: Daemon;
  readonly price: Daemon | undefined;
  readonly backend: Backend;
}

/** One trouble: begins, lasts for a while, ends. */
interface Fault {
  readonly name: string;
  readonly lastsMs: readonly [number, number];
  begin(scene: Scene, chance: Chance): Promise<() => void | Promise<void>> | (() => void | Promise<void>);
}

const nothing = (): void => undefined;

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

function once(name: string, run: (scene: Scene) => void): Fault {
  return {
    name,
    lastsMs: [200, 1_000],
    begin: (scene) => {
      run(scene);
      return nothing;
    },
  };
}

function atServer(server: 'redis' | 'rabbit'): readonly Fault[] {
  const whole = server === 'redis' ? 'Redis' : 'RabbitMQ';
  return [
    once(`${whole}: connections cut`, ({ servers }) => servers[server].cut()),
    {
      name: `${whole}: half-open`,
      lastsMs: [500, 6_000],
      begin: ({ servers }) => {
        servers[server].freeze();
        return () => servers[server].thaw();
      },
    },
    {
      name: `${whole}: refused`,
      lastsMs: [500, 4_000],
      begin: async ({ servers }) => {
        await servers[server].refuse();
        return () => servers[server].accept();
      },
    },
    {
      name: `${whole}: slow`,
      lastsMs: [500, 4_000],
      begin: ({ servers }, chance) => {
        servers[server].delay(chance.between(20, 300));
        return () => servers[server].delay(0);
      },
    },
    {
      name: `${whole}: killed and started again`,
      lastsMs: [200, 2_000],
      begin: ({ servers }) => servers.crash(server),
    },
  ];
}

const MUTED = 'venues: muted';
const HALF_OPEN = 'venues: half-open';

/**
 * Troubles that only an audit finds: a session that is silent while it answers pings, and one whose frames of
 * a while were lost before anybody could miss a ping.
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
  ...atServer('redis'),
  ...atServer('rabbit'),
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
