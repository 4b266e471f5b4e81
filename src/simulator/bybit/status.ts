import { z } from 'zod';
import type { HttpRoute, SimConnection, WsRoute, WsSession } from '../kit';
import { order } from '../kit';
import { connId, readRequest } from './session';

/**
 * The venue's maintenance notices: a socket and a topic of their own.
 * https://bybit-exchange.github.io/docs/v5/websocket/system/system-status
 */
export const StatusSchema = z
  .object({
    state: z.enum(['scheduled', 'ongoing', 'completed', 'canceled']),
    title: z.string().max(200).default('simulated maintenance'),
    /** Epoch ms. */
    begin: z.number().int().nonnegative().default(0),
    end: z.number().int().nonnegative().default(0),
  })
  .strict();

export type Status = z.infer<typeof StatusSchema>;

const TOPIC = 'system.status';

export class StatusBoard {
  private readonly listeners = new Set<SimConnection>();
  private count = 0;

  /** Sends the notice; the number of clients that got it. */
  announce({ state, title, begin, end }: Status, ts: number): number {
    this.count += 1;
    const notice = {
      id: `5e550000-587f-11f0-bcc9-${String(this.count).padStart(12, '0')}`,
      title,
      state,
      begin: String(begin),
      end: String(end),
      href: '',
      serviceTypes: [2, 3, 4, 5],
      product: [1, 2],
      uidSuffix: [],
      maintainType: 1,
      env: 1,
    };
    const frame = JSON.stringify({ topic: TOPIC, ts, data: [notice] });
    return [...this.listeners].filter((connection) => connection.push(frame)).length;
  }

  /** `POST /__sim/bybit/status {"state":"ongoing"}` */
  control(now: () => number): HttpRoute {
    return order('/bybit/status', StatusSchema, (status) => ({ sent: this.announce(status, now()) }));
  }

  route(): WsRoute {
    return { path: '/v5/public/misc/status', open: (connection) => this.session(connection) };
  }

  private session(connection: SimConnection): WsSession {
    return {
      onText: (text) => this.answer(connection, text),
      onClose: () => void this.listeners.delete(connection),
    };
  }

  private answer(connection: SimConnection, text: string): void {
    const { op = '', reqId = '', args } = readRequest(text) ?? {};
    const shared = { conn_id: connId(connection), req_id: reqId, op };
    if (op === 'ping') return connection.control({ success: true, ret_msg: 'pong', ...shared });
    const isOurs = op === 'subscribe' && Array.isArray(args) && args.length === 1 && args[0] === TOPIC;
    if (isOurs) this.listeners.add(connection);
    connection.answer({ success: isOurs, ret_msg: isOurs ? '' : 'error:handler not found', ...shared });
  }
}
