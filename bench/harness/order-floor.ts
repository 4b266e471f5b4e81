/** The floor of order events: one socket, JSON.parse, PUBLISH and a confirmed AMQP publish, and nothing else. */
import WebSocket from 'ws';
import { openDoors } from './floor-doors';

export interface FloorOrder {
  readonly room: string;
  readonly orderStatus: 'NEW';
  /** Epoch ms. */
  readonly orderTime: number;
}

async function main(): Promise<void> {
  const { redis, channel } = await openDoors();
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
