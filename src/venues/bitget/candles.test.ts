import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsOf, OpenBars } from './candles';

const START = 1_701_871_620_000;
const MINUTE = 60_000;
const TOPIC = {
  topic: 'candle1m:SPOT:BTCUSDT',
  exchange: 'bitget',
  symbol: 'BTCUSDT',
  interval: '1m',
} as const;

for (const [pauseMs, closed] of [
  [1_000, ['3']],
  [12_000, []],
] as const) {
  test(`the last row ${pauseMs} ms before the bar ended, others came every second`, () => {
    const open = new OpenBars();
    const push = (start: number, close: string, time: number) =>
      barsOf(open, [[String(start), '2', '9', '1', close, '10', '20', '30']], {
        ...TOPIC,
        time,
        isSnapshot: false,
      });
    const from = START + MINUTE - pauseMs - 30_000;
    for (let i = 0; i <= 30; i += 1) push(START, '3', from + i * 1_000);
    const bars = push(START + MINUTE, '4', START + MINUTE) ?? [];
    assert.deepEqual(
      bars.filter((bar) => bar.closed).map(({ close }) => close),
      closed,
      'a bar of which rows may be missing is left to REST',
    );
  });
}
