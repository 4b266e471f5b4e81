/** The floor of closing candles: one socket, JSON.parse, PUBLISH and a confirmed AMQP publish, and nothing else. */
import WebSocket from 'ws';
import type { Candle } from '../../src/domain/events';
import { openDoors } from './floor-doors';

interface KlineFrame {
  readonly data: {
    readonly E: number;
    readonly k: { s: string; i: string; t: number; c: string; x: boolean };
  };
}

async function main(): Promise<void> {
  const { redis, channel } = await openDoors();
  const socket = new WebSocket(process.env['BENCH_URL'] ?? '', { perMessageDeflate: false });
  socket.on('message', (frame) => {
    const { E, k } = (JSON.parse(String(frame)) as KlineFrame).data;
    if (!k.x) return;
    const candle: Partial<Candle> = { symbol: k.s, start: k.t, close: k.c, closed: true, time: E };
    const text = JSON.stringify(candle);
    void redis.publish(`${k.s}@binance@${k.i}Candle`, text);
    channel.publish('gainium.events', `candle.binance.${k.i}.${k.s}`, Buffer.from(text), {
      persistent: true,
    });
  });
}

void main();
