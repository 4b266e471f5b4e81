/** How old new orders are at either door, and how old they were if nothing but the necessary was done. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { WebSocket } from 'ws';
import { WebSocketServer } from 'ws';
import { quantile } from './bench';
import type { Env } from './child';
import { end, pause } from './child';
import type { FloorOrder } from './order-floor';
import type { Reporter } from './reporter';
import { startFloor } from './stage';

const ORDERS_PER_SECOND = 200;
const LAST_ARRIVALS_MS = 2_000;

export class OrderLatency {
  constructor(
    private readonly env: Env,
    private readonly probe: Reporter<'latency-probe.ts'>,
    private readonly seconds: number,
  ) {}

  /** The same stream of orders through the floor; its venue is this process, as the simulators are. */
  async ofFloor(): Promise<void> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const child = startFloor('order-floor.ts', { ...this.env, BENCH_URL: `ws://127.0.0.1:${port}` });
    try {
      const [socket] = (await once(server, 'connection')) as [WebSocket];
      await this.measure('floor', () => {
        const order: FloorOrder = { room: randomUUID(), orderStatus: 'NEW', orderTime: Date.now() };
        socket.send(JSON.stringify(order));
      });
    } finally {
      await end(child);
      server.close();
    }
  }

  /** `place` makes the venue tell one new order. */
  async measure(name: string, place: (count: number) => void): Promise<void> {
    await this.probe.take();
    const until = performance.now() + this.seconds * 1_000;
    let count = 0;
    while (performance.now() < until) {
      place((count += 1));
      await pause(1_000 / ORDERS_PER_SECOND);
    }
    await pause(LAST_ARRIVALS_MS);
    const { redis, rabbit } = await this.probe.take();
    console.log(`${name}: ${count} orders placed, ${redis.length} on Redis, ${rabbit.length} on RabbitMQ`);
    for (const [door, ages] of [
      ['Redis', redis],
      ['RabbitMQ (confirmed, delivered)', rabbit],
    ] as const) {
      console.log(`  ${door} p50 ${quantile(ages, 0.5)} ms, p99 ${quantile(ages, 0.99)} ms`);
    }
  }
}
