import type { InTurn } from '../venues/contract';

/** Turns that come at once, each after `before` has been told of it. */
export function turnsAfter(before: (weight: number) => unknown): InTurn {
  return async (call, weight = 1) => {
    await before(weight);
    return call();
  };
}
