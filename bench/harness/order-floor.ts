/** The floor of order events: one socket, JSON.parse, PUBLISH and a confirmed AMQP publish, and nothing else. */
import { Redis } from 'ioredis';
import WebSocket from 'ws';
import { connectRabbit } from './rabbit';

export interface FloorOrder {
  readonly room: string;
  readonly orderStatus: 'NEW';
  /** Epoch ms. */
  readonly orderTime: number;
}

async function main(): Promise<void> {
  const { REDIS_HOST = '127.0.0.1', REDIS_PORT = '6379' } = process.env;
  const redis = new Redis(Number(REDIS_PORT), REDIS_HOST);
  const rabbit = await connectRabbit(process.env);
  const channel = await rabbit.createConfirmChannel();
  const socket = new WebSocket(process.env['BENCH_URL'] ?? '', { perMessageDeflate: false });
  socket.on('message', (frame) => {
    const order = JSON.parse(String(frame)) as FloorOrder;
    const text = JSON.stringify(order);
    void redis.publish(order.room, text);
    channel.publish('gainium.events', `user.floor.executionReport.${order.room}`, Buffer.from(text), {
      persistent: true,
    });
  });
}

void main();
