import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINKS } from './limits';

/** Of the venue: unauthenticated messages of one address. */
const MESSAGES_PER_SECOND = 8;
/** Listed today, twins included, each with both streamed intervals. */
const SYMBOLS = 1_200;
const INTERVALS = 2;

test('all connections that every symbol needs may speak at once', () => {
  const { ticker, candle } = LINKS;
  const connections = [
    [ticker, Math.ceil(SYMBOLS / ticker.topicsPerConnection)],
    [candle, Math.ceil((SYMBOLS * INTERVALS) / candle.topicsPerConnection)],
  ] as const;
  const perSecond = connections.map(
    ([{ outgoing }, count]) => (count * outgoing.count * 1_000) / outgoing.perMs,
  );
  assert.ok(perSecond.reduce((sum, one) => sum + one) <= MESSAGES_PER_SECOND, perSecond.join());
});
