import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { ChannelModel } from 'amqplib';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { DEFAULT_NAMES, Topology } from './topology';

const BOUNDS = { maxLength: 1_000, maxBytes: 1_000_000, ttlMs: 60_000 };
const NOT_FOUND = Object.assign(new Error('no queue'), { code: 404 });

/** A broker that knows queues by their names only. */
function broker() {
  const queues = new Set<string>();
  const faults = { bind: undefined as Error | undefined };
  const connect = (): ChannelModel => {
    const createChannel = () => {
      const channel = Object.assign(new EventEmitter(), {
        assertExchange: () => Promise.resolve(),
        checkExchange: () => Promise.resolve(),
        assertQueue: (name: string) => Promise.resolve(queues.add(name)),
        checkQueue: (name: string) => (queues.has(name) ? Promise.resolve() : Promise.reject(NOT_FOUND)),
        bindQueue: () => (faults.bind ? Promise.reject(faults.bind) : Promise.resolve()),
        close: () => Promise.resolve(),
      });
      return Promise.resolve(channel);
    };
    return { createChannel } as unknown as ChannelModel;
  };
  return { queues, faults, connect };
}

test('the queue of user events had to be made: told once', async () => {
  const { connect, queues } = broker();
  const topology = new Topology(DEFAULT_NAMES, BOUNDS, new RecordedTelemetry().log);
  assert.equal(await topology.declarePublishing(connect()), true);
  assert.equal(await topology.declarePublishing(connect()), false);
  queues.delete(DEFAULT_NAMES.userEventsQueue);
  assert.equal(await topology.declarePublishing(connect()), true);
});

test('the connection breaks between the queue and its binding: the next one tells that the queue was missing', async () => {
  const { connect, faults } = broker();
  const topology = new Topology(DEFAULT_NAMES, BOUNDS, new RecordedTelemetry().log);
  faults.bind = new Error('the connection closed');
  await assert.rejects(topology.declarePublishing(connect()), faults.bind);
  faults.bind = undefined;
  assert.equal(await topology.declarePublishing(connect()), true);
  assert.equal(await topology.declarePublishing(connect()), false);
});
