/** The consumers of docs/consumers.md as real processes, on the real RabbitMQ, behind the real publisher. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import type { Entry } from '../../examples/consumer-typescript/journal';
import { isForward, orderStateOf } from '../../examples/consumer-typescript/orders';
import { Outbox } from '../bus/outbox';
import { RabbitBroker } from '../bus/rabbit';
import { UserPublisher } from '../bus/user-publisher';
import { systemClock } from '../ops/clock';
import { MemoryStore } from '../store/memory';
import { OrderCache } from '../store/order-cache';
import { accountRecordings } from '../testing/account-recordings';
import { RecordedTelemetry } from '../testing/recorded-telemetry';
import { RabbitProbe, rabbitService, uniqueName, until } from '../testing/services';

const ROOT = join(__dirname, '../..');

interface Program {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  /** Why it cannot be run here. */
  readonly missing?: string;
}

/** Debian keeps pika (python3-pika) for its own Python, which need not be the first of the path. */
function pythonWithPika(): string | undefined {
  const knows = (python: string): boolean => spawnSync(python, ['-c', 'import pika']).status === 0;
  return ['python3', '/usr/bin/python3'].find(knows);
}

const python = pythonWithPika();
const PROGRAMS: readonly Program[] = [
  {
    name: 'TypeScript',
    command: process.execPath,
    arguments: ['--import', 'tsx', 'examples/consumer-typescript/main.ts'],
  },
  {
    name: 'Python',
    command: python ?? 'python3',
    arguments: ['examples/consumer-python/consumer.py'],
    ...(python === undefined && { missing: 'no python3 with pika (Debian: python3-pika)' }),
  },
];

for (const program of PROGRAMS) {
  const skip = program.missing ?? false;
  describe(`example consumer in ${program.name}`, { skip, timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'consumer-'));
    const journal = join(folder, 'journal.jsonl');
    const queue = uniqueName('consumer');
    const telemetry = new RecordedTelemetry();
    const deps = { telemetry, clock: systemClock, random: Math.random };
    const recordings = accountRecordings();
    const sent: { readonly id: string; readonly isReconciled: boolean }[] = [];
    let probe: RabbitProbe;
    let exchange: string;
    let broker: RabbitBroker;
    let outbox: Outbox;
    let publisher: UserPublisher;
    let orderCache: OrderCache;
    let child: ChildProcess | undefined;
    let lines: string[] = [];

    before(async () => {
      probe = await RabbitProbe.open();
      exchange = probe.exchangeName('events');
      const names = { eventExchange: exchange, deadLetterQueue: probe.queueName('rejected') };
      broker = new RabbitBroker({ ...rabbitService, instanceId: 'i', names }, deps);
      outbox = new Outbox({ maxMessages: 10_000, maxBytes: 10_000_000 }, { broker, ...deps });
      const store = new MemoryStore(systemClock);
      orderCache = new OrderCache(store, { orders: 'orders', lastEvent: 'last' }, deps);
      publisher = new UserPublisher({ store, outbox, orderCache, ...deps });
      await until('ready', () => broker.ready);
    });

    after(async () => {
      child?.kill('SIGKILL');
      publisher.close();
      orderCache.close();
      outbox.close();
      await broker.close();
      await probe.channel.deleteQueue(queue);
      await probe.close();
      rmSync(folder, { recursive: true });
    });

    async function start(): Promise<void> {
      const { host, port, user, password, vhost } = rabbitService;
      const login = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;
      lines = [];
      child = spawn(program.command, program.arguments, {
        cwd: ROOT,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: {
          ...process.env,
          AMQP_URL: `amqp://${login}@${host}:${port}/${encodeURIComponent(vhost)}`,
          EVENT_EXCHANGE: exchange,
          QUEUE: queue,
          JOURNAL: journal,
        },
      });
      assert.ok(child.stdout);
      createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
      await until('consuming', () => lines.some((line) => line.includes('"consuming"')));
    }

    async function end(signal: 'SIGTERM' | 'SIGKILL'): Promise<readonly [number | null, string | null]> {
      assert.ok(child);
      const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
      child.kill(signal);
      return ended;
    }

    /** Everything that the venues' tests have recorded, to a room of this name. */
    function publishTo(room: string, isReconciled = false): void {
      for (const { id, exchange: from, events } of recordings) {
        for (const event of events) {
          const delivery = { room: `${room}.${id}`, exchange: from, receivedAt: 1, isReconciled };
          const { body } = publisher.publish(event, delivery);
          sent.push({ id: body.uniqueMessageId, isReconciled });
        }
      }
    }

    const stored = (): readonly Entry[] =>
      (existsSync(journal) ? readFileSync(journal, 'utf8') : '')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Entry);
    const wanted = (): Set<string> => new Set(sent.map(({ id }) => id));
    const hasAll = (): boolean => stored().length >= wanted().size;

    function assertExact(): void {
      const ids = stored().map(({ messageId }) => messageId);
      assert.equal(new Set(ids).size, ids.length, 'nothing twice');
      assert.deepEqual(new Set(ids), wanted());
    }

    test('stores every event once, whatever the broker repeats', async () => {
      await start();
      publishTo('a');
      publishTo('a');
      await until('stored', hasAll, 60_000);
      const repetitions = sent.length - wanted().size;
      const isRepeated = (line: string): boolean => line.includes('"repeated"');
      await until('repetitions seen', () => lines.filter(isRepeated).length === repetitions, 60_000);
      assertExact();
    });

    test('tells apart what REST told', async () => {
      publishTo('b', true);
      await until('stored', hasAll, 60_000);
      const told = new Map(sent.map(({ id, isReconciled }) => [id, isReconciled]));
      for (const { messageId, isReconciled } of stored()) assert.equal(isReconciled, told.get(messageId));
    });

    test('killed in the middle, and away while events come: nothing is lost, nothing counted twice', async () => {
      publishTo('c');
      const already = stored().length;
      await until('in the middle', () => stored().length > already, 60_000);
      await end('SIGKILL');
      publishTo('d');
      assert.ok(await outbox.drain(30_000));
      await start();
      await until('stored', hasAll, 60_000);
      assertExact();
    });

    test('ends in order on SIGTERM, with nothing left in the queue', async () => {
      assert.deepEqual(await end('SIGTERM'), [0, null]);
      await until('acknowledged', async () => (await probe.channel.checkQueue(queue)).messageCount === 0);
    });
  });
}

describe('an order as a state', () => {
  const state = (status: string, filled: string) => ({ orderId: '1', clientOrderId: 'c', status, filled });

  for (const [from, to, expected] of [
    [state('NEW', '0'), state('PARTIALLY_FILLED', '0.1'), true],
    [state('PARTIALLY_FILLED', '0.10'), state('PARTIALLY_FILLED', '0.1'), false],
    [state('PARTIALLY_FILLED', '0.1'), state('NEW', '0'), false],
    [state('PARTIALLY_FILLED', '9'), state('FILLED', '10'), true],
    [state('NEW', '0'), state('CANCELED', '0'), true],
    [state('CANCELED', '0'), state('NEW', '0'), false],
    [state('CANCELED', '0.1'), state('CANCELED', '0.2'), true],
    [state('NEW', '0.00000000000000000001'), state('FILLED', '0.00000000000000000002'), true],
  ] as const) {
    test(`${from.status} ${from.filled} to ${to.status} ${to.filled}: ${expected}`, () => {
      assert.equal(isForward(from, to), expected);
    });
  }

  test('both forms are read; other events are no orders', () => {
    for (const { exchange, events } of accountRecordings()) {
      for (const event of events) {
        const body = event.kind === 'order' ? (event.wire ?? event.report) : { eventType: 'balanceUpdate' };
        const read = orderStateOf(body);
        assert.equal(read !== undefined, event.kind === 'order', exchange);
        if (event.kind !== 'order') continue;
        assert.equal(read?.clientOrderId, event.report.newClientOrderId);
        assert.equal(read?.filled, event.report.totalTradeQuantity);
      }
    }
  });
});
