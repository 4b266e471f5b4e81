/** 32-bit mix of a seed and an index; the same everywhere (integers only). */
function hash(seed: number, index: number): number {
  let mixed = (seed + Math.imul(index | 0, 0x9e3779b1)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** Uniform in [0, 1), a pure function of its arguments. */
export function unit(seed: number, index: number): number {
  return hash(seed, index) / 4_294_967_296;
}

/** Seed of a name: FNV-1a. */
export function seedOf(seed: number, name: string): number {
  let mixed = (0x811c9dc5 ^ seed) | 0;
  for (let at = 0; at < name.length; at += 1) mixed = Math.imul(mixed ^ name.charCodeAt(at), 0x01000193);
  return mixed;
}

/** Period in seconds and amplitude as a share of the anchor price. */
const OCTAVES: readonly (readonly [periodS: number, amplitude: number])[] = [
  [86_400, 0.05],
  [14_400, 0.02],
  [1_800, 0.006],
  [300, 0.002],
  [30, 0.0008],
  [1, 0.0003],
];

/**
 * Distance from the anchor price at a second, as a share of it: layered value noise. A function of time
 * alone, so that history needs no memory, and a restarted simulator of the same seed goes on exactly
 * where the former one would be.
 */
export function drift(seed: number, second: number): number {
  let sum = 0;
  OCTAVES.forEach(([periodS, amplitude], octave) => {
    const cell = Math.floor(second / periodS);
    const within = second / periodS - cell;
    const from = unit(seed + octave, cell);
    const to = unit(seed + octave, cell + 1);
    sum += amplitude * (2 * (from + (to - from) * within * within * (3 - 2 * within)) - 1);
  });
  return sum;
}
