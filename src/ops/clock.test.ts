import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock';

test('timers fire once or again, until cancelled', async () => {
  const fired: string[] = [];
  systemClock.cancel(systemClock.after(0, () => fired.push('cancelled')));
  systemClock.cancel(undefined);
  await new Promise<void>((resolve) => {
    systemClock.after(0, () => fired.push('once'));
    const timer = systemClock.every(1, () => {
      if (fired.push('again') < 4) return;
      systemClock.cancel(timer);
      resolve();
    });
  });
  await new Promise<void>((resolve) => systemClock.after(5, resolve));
  assert.deepEqual(fired.slice().sort(), ['again', 'again', 'again', 'once']);
});

test('monotonic time never goes back; now is the time of day', () => {
  const [first, second] = [systemClock.monotonic(), systemClock.monotonic()];
  assert.ok(second >= first);
  assert.ok(Math.abs(systemClock.now() - Date.now()) < 1_000);
});
