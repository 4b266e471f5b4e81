/** The short form of `npm run chaos`: one seed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { problemsOf, run } from './run';

const SEED = 4;

test('whatever breaks, no order change and no closed candle is lost', { timeout: 280_000 }, async (t) => {
  const outcome = await run({
    seed: SEED,
    seconds: 20,
    hasPrices: true,
    say: (line) => t.diagnostic(line),
  });
  assert.deepEqual(problemsOf(outcome), [], `seed ${SEED}`);
  assert.ok(outcome.orders > 100 && outcome.reconciled > 0 && outcome.candles > 20, JSON.stringify(outcome));
});
