import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Simulator } from '../../simulator';
import { Ledger } from '../../simulator/kit';
import { BarBook } from '../../testing/bar-book';
import { judgeCandles } from './verdict';

const MINUTE = 60_000;
const KEY = 'okxLinear BTC-USDT 1m';

function venueWith(bars: number): Simulator {
  const ledger = new Ledger();
  for (let minute = 0; minute < bars; minute += 1) {
    const prices = { open: '1', high: '3', low: '1', close: '2.0', volume: '7' };
    const name = { exchange: 'okxLinear', symbol: 'BTC-USDT-SWAP', interval: '1m' };
    ledger.add({ kind: 'candle', ...name, start: minute * MINUTE, ...prices });
  }
  return { ledger } as unknown as Simulator;
}

const publishedOf = (_exchange: string, symbol: string): string => symbol.replace('-SWAP', '');

test('closed candles are judged by their values, not only by their starts', () => {
  const candles = new BarBook();
  candles.add(KEY, 0, { close: '2', volume: '7.0' });
  candles.add(KEY, MINUTE, { close: '2', volume: '6' });
  candles.add(KEY, 3 * MINUTE, { close: '2.1', volume: '7' });
  assert.deepEqual(judgeCandles(venueWith(4), { candles }, publishedOf), {
    candlesMissing: [`${KEY} 1970-01-01T00:02:00.000Z`],
    candlesWrong: [
      `${KEY} 1970-01-01T00:01:00.000Z: told close 2 volume 6, at the venue close 2.0 volume 7`,
      `${KEY} 1970-01-01T00:03:00.000Z: told close 2.1 volume 7, at the venue close 2.0 volume 7`,
    ],
  });
});
