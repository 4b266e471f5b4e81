import type { Simulator } from '../../simulator';
import type { Backend } from './backend';
import type { Daemon } from './daemon';
import type { Chance } from './random';
import type { Servers } from './servers';
import type { Actor, Actors } from './trader';

export interface Scene {
  readonly venues: Simulator;
  readonly market: Simulator | undefined;
  readonly servers: Servers;
  readonly main: Daemon;
  readonly price: Daemon | undefined;
  readonly backend: Backend;
  readonly accounts: Actors;
  readonly traders: readonly Actor[];
}

/** One trouble: begins, lasts for a while, ends. */
export interface Fault {
  readonly name: string;
  readonly lastsMs: readonly [number, number];
  begin(scene: Scene, chance: Chance): Promise<() => void | Promise<void>> | (() => void | Promise<void>);
}

/** How long a process may need until it is at work. */
export const START_LIMIT_MS = 240_000;

export const nothing = (): void => undefined;
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Nothing happens: what is missing then is the suite's own fault, or no matter of faults. */
export const CALM: Fault = { name: 'calm', lastsMs: [500, 4_000], begin: () => nothing };

/** Over as soon as it has begun. */
export function once(name: string, run: (scene: Scene, chance: Chance) => void | Promise<void>): Fault {
  return {
    name,
    lastsMs: [200, 1_000],
    begin: async (scene, chance) => {
      await run(scene, chance);
      return nothing;
    },
  };
}
