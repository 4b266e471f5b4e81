import type { AccountEvent } from '../domain/account';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { OrderCache } from '../store/order-cache';
import type { Store } from '../store/ports';
import type { Outbox } from './outbox';
import { RedisDoor } from './redis-door';
import { userChannel, userInfoChannel, userKey } from './routes';

export interface UserDoors {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly orderCache: OrderCache;
  readonly telemetry: Telemetry;
  readonly clock: Clock;
}

/** The object that is published and emitted, with its id. */
export type PublishedAccountEvent = Readonly<Record<string, unknown>> & {
  readonly eventType: string;
  readonly uniqueMessageId: string;
};

export interface UserDelivery {
  readonly room: string;
  readonly exchange: ExchangeId;
  readonly receivedAt: number;
  readonly isReconciled: boolean;
}

/** Account events leave the process here and nowhere else: both doors, the order cache, the event clock. */
export class UserPublisher {
  private readonly redis: RedisDoor;

  constructor(private readonly doors: UserDoors) {
    this.redis = new RedisDoor(doors.store, doors.telemetry, doors.clock);
  }

  /** False: the outbox is full; the account must be reconciled later. Redis has the event all the same. */
  publish(event: AccountEvent, delivery: UserDelivery): PublishedAccountEvent | undefined {
    const { room, exchange, receivedAt, isReconciled } = delivery;
    const body = publishedForm(event, exchange);
    const text = JSON.stringify(body);
    const isAccepted = this.doors.outbox.offer(room, {
      routingKey: userKey(exchange, body.eventType, room),
      body: text,
      properties: {
        messageId: body.uniqueMessageId,
        type: body.eventType,
        timestamp: this.doors.clock.now(),
        persistent: true,
        headers: { 'x-exchange': exchange, 'x-reconciled': isReconciled },
      },
    });
    this.redis.offer({ channel: userChannel(room), payload: text, exchange, kind: 'user', receivedAt });
    if (event.kind === 'order') this.doors.orderCache.remember(event.report, text);
    this.doors.orderCache.touch(room, this.doors.clock.now());
    return isAccepted ? body : undefined;
  }

  /** Bots re-read their orders on this text (contract 2.2). */
  announce(room: string, exchange: ExchangeId): void {
    this.redis.offer({
      channel: userInfoChannel(room),
      payload: `Subscribed to user ${room}`,
      exchange,
      kind: 'notice',
      receivedAt: this.doors.clock.now(),
    });
  }

  close(): void {
    this.redis.close();
  }
}

function publishedForm(event: AccountEvent, exchange: ExchangeId): PublishedAccountEvent {
  switch (event.kind) {
    case 'order': {
      const { report, wire } = event;
      const { symbol, orderId, orderStatus, totalTradeQuantity, orderTime, price, quantity } = report;
      const id = [exchange, symbol, orderId, orderStatus, totalTradeQuantity, orderTime, price, quantity];
      return { ...(wire ?? report), uniqueMessageId: id.join('@') };
    }
    case 'balances': {
      const { position, wire } = event;
      const assets = position.balances.map(({ asset, free, locked }) => `${asset}:${free}:${locked}`);
      const id = [exchange, position.eventType, position.eventTime, ...assets].join('@');
      return { ...(wire ?? position), uniqueMessageId: id };
    }
    case 'balanceDelta': {
      const { update } = event;
      const id = [exchange, update.eventType, update.asset, update.balanceDelta, update.clearTime].join('@');
      return { ...update, uniqueMessageId: id };
    }
  }
}
