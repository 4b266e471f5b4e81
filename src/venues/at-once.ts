import type { InTurn } from './contract';

/** Of calls that no budget counts: a check by hand, a probe, public data. */
export const atOnce: InTurn = (call) => call();
