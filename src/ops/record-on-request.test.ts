import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { recordOnRequest } from './record-on-request';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('one line names the files; signals meanwhile are the same wish, later ones a new one', async () => {
  const events = new EventEmitter();
  const telemetry = new RecordedTelemetry();
  let asked = 0;
  let answer: (files: readonly string[]) => void = () => undefined;
  const record = (): Promise<readonly string[]> => {
    asked += 1;
    return new Promise((resolve) => (answer = resolve));
  };
  recordOnRequest({ log: telemetry.log, isOn: true, record, events });
  events.emit('SIGUSR2');
  events.emit('SIGUSR2');
  assert.equal(asked, 1);
  answer(['/a.jsonl', '/b.jsonl']);
  await turn();
  assert.deepEqual(telemetry.lines, [
    {
      level: 'info',
      context: { files: ['/a.jsonl', '/b.jsonl'] },
      message: 'recordings written on request',
    },
  ]);
  events.emit('SIGUSR2');
  assert.equal(asked, 2);
});

test('a failure is told, and the next signal is heard', async () => {
  const events = new EventEmitter();
  const telemetry = new RecordedTelemetry();
  recordOnRequest({ log: telemetry.log, isOn: true, record: () => Promise.reject(new Error('x')), events });
  for (let i = 0; i < 2; i += 1) {
    events.emit('SIGUSR2');
    await turn();
  }
  assert.deepEqual(telemetry.logged('error'), ['recordings not written', 'recordings not written']);
});

test('where nothing is recorded, the signal harms nobody and says so', () => {
  const events = new EventEmitter();
  const telemetry = new RecordedTelemetry();
  recordOnRequest({ log: telemetry.log, isOn: false, record: () => assert.fail('asked'), events });
  events.emit('SIGUSR2');
  assert.equal(telemetry.logged('warn').length, 1);
});
