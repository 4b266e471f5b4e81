import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { replay } from '../replay/replay';
import { FakeClock } from '../testing/fake-clock';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { FlightRecorder } from './flight-recorder';

const LABELS = { exchange: 'binance', channel: 'ticker' };
const TICKER =
  '{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker","E":1627994408906,"s":"UTKBTC","c":"0.00000590","o":"0.00000577","h":"0.00000610","l":"0.00000575","v":"4838353.00000000","q":"28.78631787"}]}';

async function setUp(t: TestContext, frames = 3) {
  const directory = await mkdtemp(join(tmpdir(), 'connector-flight-'));
  t.after(() => rm(directory, { recursive: true, force: true }));
  const clock = new FakeClock();
  const telemetry = new RecordedTelemetry();
  const recorder = new FlightRecorder({ directory, frames }, { ...telemetry, clock });
  const dumps = async (): Promise<string[]> => {
    await recorder.settled();
    const names = (await readdir(directory)).sort();
    return Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  };
  return { directory, clock, telemetry, recorder, dumps };
}

const about = () => ({ instruments: [] });

test('the last frames, oldest first, without secrets, once a minute for each reason', async (t) => {
  const { clock, recorder, dumps } = await setUp(t);
  const tape = recorder.tape(LABELS, ['the-secret'], about);
  tape.dump('empty');
  for (const text of ['1', '2', '{"apiKey":"abc","x":"the-secret!"}', '4']) tape.frame(text, clock.now());
  tape.dump('unreadable');
  tape.dump('unreadable');
  tape.dump('silent');
  clock.advance(60_000);
  tape.dump('unreadable');
  const written = await dumps();
  assert.equal(written.length, 3);
  const [header, ...lines] = written[0]!
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  assert.deepEqual(header, { ...LABELS, reason: 'unreadable', instruments: [] });
  assert.deepEqual(
    lines.map((line) => (line as { frame: string }).frame),
    ['2', '{"apiKey":"[redacted]","x":"[redacted]!"}', '4'],
  );
});

test('a frame of megabytes is cut; on request every tape is written, each time', async (t) => {
  const { directory, recorder, dumps } = await setUp(t);
  recorder.tape(LABELS, [], about).frame('x'.repeat(1_000_000), 1);
  const other = recorder.tape({ exchange: 'okx', channel: 'candle' }, [], about);
  other.frame('y', 1);
  recorder.tape(LABELS, [], about).frame('a second connection of the same feed', 1);
  recorder.tape(LABELS, [], about);
  const files = await recorder.dumpAll('requested');
  const written = await dumps();
  assert.equal(written.length, 3, 'each that heard something');
  assert.deepEqual(
    [...files].sort(),
    (await readdir(directory)).sort().map((name) => join(directory, name)),
  );
  assert.equal((await recorder.dumpAll('requested')).length, 3);
  assert.ok(written.every(({ length }) => length < 20_000));
});

test('a folder that cannot be written costs a log line, not the process', async (t) => {
  const { directory, clock, telemetry } = await setUp(t);
  await writeFile(join(directory, 'file'), '');
  const recorder = new FlightRecorder(
    { directory: join(directory, 'file'), frames: 2 },
    { ...telemetry, clock },
  );
  const tape = recorder.tape(LABELS, [], about);
  tape.frame('1', 1);
  tape.dump('silent');
  await recorder.settled();
  assert.deepEqual(telemetry.logged('warn'), ['last frames not written']);
  assert.deepEqual(await recorder.dumpAll('requested'), [], 'what was not written is not named');
});

test('a dump is played again through the codec of its feed', async (t) => {
  const { recorder, dumps } = await setUp(t);
  const tape = recorder.tape(LABELS, [], about);
  tape.frame(TICKER, 1_627_994_408_911);
  tape.frame('not JSON', 1_627_994_408_912);
  tape.dump('unreadable');
  const [dump = ''] = await dumps();
  const [first, second] = replay(dump);
  assert.ok(first?.decoded.kind === 'events' && first.decoded.events.length === 1);
  assert.equal(second?.decoded.kind, 'unknown');
  assert.throws(() => replay('nonsense'), /line 1: not JSON/);
  assert.throws(() => replay(dump.replace('"binance"', '"nowhere"')), /exchange nowhere: unknown/);
  assert.throws(() => replay(`${dump}{"at":1}\n`), /line 4: frame/);
});
