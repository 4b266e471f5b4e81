/** The floor: one socket, JSON.parse, pipelined PUBLISH, and nothing else. No connector can be cheaper. */
import { Redis } from 'ioredis';
import WebSocket from 'ws';

interface Item {
  readonly s: string;
  readonly E: number;
  readonly c: string;
}

const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379' } = process.env;
const { BENCH_URL = '', BENCH_EXCHANGE = '' } = process.env;
const redis = new Redis(Number(REDIS_PORT), REDIS_HOST);
const socket = new WebSocket(BENCH_URL, { perMessageDeflate: false, skipUTF8Validation: true });
let pipeline = redis.pipeline();
let isScheduled = false;

function flush(): void {
  isScheduled = false;
  const full = pipeline;
  pipeline = redis.pipeline();
  void full.exec();
}

socket.on('message', (data) => {
  const { data: items } = JSON.parse(String(data)) as { data: Item[] };
  for (const { s, E, c } of items) {
    pipeline.publish(
      `trade@${s}@${BENCH_EXCHANGE}`,
      JSON.stringify({ symbol: s, time: E, price: Number(c) }),
    );
  }
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(flush);
});
