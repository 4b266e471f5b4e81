/** The other end: counts ticker messages of Redis and their age, cheaply, and drains RabbitMQ. Speaks IPC. */
import { connect as connectTcp } from 'node:net';
import { connectRabbit, hearEvents } from './rabbit';

const MAX_MS = 60_000;
const TIME = Buffer.from('"time":');
/** With its thirteen digits. */
const TIME_BYTES = TIME.length + 13;

export interface SubscriberReport {
  readonly received: number;
  readonly p50: number;
  readonly p99: number;
  readonly most: number;
  readonly batches: number;
}

let received = 0;
let batches = 0;
let ages = new Uint32Array(MAX_MS + 1);

/** What may be the beginning of a time whose end comes with the next chunk. */
let tail: Buffer = Buffer.alloc(0);

function seen(chunk: Buffer): void {
  const now = Date.now();
  const data = tail.length > 0 ? Buffer.concat([tail, chunk]) : chunk;
  let done = 0;
  for (
    let at = data.indexOf(TIME);
    at >= 0 && at + TIME_BYTES <= data.length;
    at = data.indexOf(TIME, done)
  ) {
    done = at + TIME_BYTES;
    const time = Number(data.toString('latin1', at + TIME.length, done));
    const age = Math.min(MAX_MS, Math.max(0, now - time));
    received += 1;
    ages[age] = (ages[age] ?? 0) + 1;
  }
  tail = data.subarray(Math.max(done, data.length - TIME_BYTES + 1));
}

function quantile(share: number): number {
  let left = share * received;
  for (let age = 0; age <= MAX_MS; age += 1) {
    left -= ages[age] ?? 0;
    if (left <= 0) return age;
  }
  return MAX_MS;
}

function report(): SubscriberReport {
  const result = { received, batches, p50: quantile(0.5), p99: quantile(0.99), most: quantile(1) };
  received = 0;
  batches = 0;
  ages = new Uint32Array(MAX_MS + 1);
  return result;
}

async function main(): Promise<void> {
  const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379' } = process.env;
  const redis = connectTcp(Number(REDIS_PORT), REDIS_HOST);
  redis.on('data', seen);
  redis.write('PSUBSCRIBE trade@*\r\n');

  const rabbit = await connectRabbit(process.env);
  await hearEvents(await rabbit.createChannel(), ['ticker.#'], () => (batches += 1));

  process.on('message', (id) => process.send?.({ id, ...report() }));
  process.send?.({ id: 'ready' });
}

void main();
