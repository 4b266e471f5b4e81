/** Least squares: change of `y` per unit of `x`; 0 where `x` does not move. */
export function slopeOf(samples: readonly { readonly x: number; readonly y: number }[]): number {
  const mean = (pick: (one: (typeof samples)[number]) => number): number =>
    samples.reduce((sum, one) => sum + pick(one), 0) / samples.length;
  const meanX = mean(({ x }) => x);
  const meanY = mean(({ y }) => y);
  const covariance = mean(({ x, y }) => (x - meanX) * (y - meanY));
  const variance = mean(({ x }) => (x - meanX) ** 2);
  return variance === 0 ? 0 : covariance / variance;
}
