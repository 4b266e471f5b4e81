import { createHash } from 'node:crypto';
import type { AccountEvent } from '../domain/account';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock } from '../domain/time';
import type { OrderCache } from '../store/order-cache';
import type { Store } from '../store/ports';
import type { Outbox } from './outbox';
import type { OutgoingMessage } from './ports';
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
  /** Called once the broker has confirmed it and all before it. */
  readonly onConfirmed?: () => void;
  /** Of a balance delta, which must not be told twice: whether its readers on Redis have it is unknown. */
  readonly onDoubt?: () => void;
}

export interface Published {
  readonly body: PublishedAccountEvent;
  /** False: the outbox is full; the account must be read again later. Redis has the event all the same. */
  readonly isAccepted: boolean;
}

/** AMQP bounds message ids at 255 bytes; a list of balances has no bound. */
const MAX_ID_BYTES = 200;

/** Account events leave the process here and nowhere else: both doors, the order cache, the event clock. */
export class UserPublisher {
  private readonly redis: RedisDoor;

  constructor(private readonly doors: UserDoors) {
    this.redis = new RedisDoor(doors.store, doors.telemetry, doors.clock);
  }

  publish(event: AccountEvent, delivery: UserDelivery): Published {
    const { room, exchange, receivedAt, isReconciled } = delivery;
    const uniqueMessageId = messageId([exchange, ...identityOf(event), room]);
    const body: PublishedAccountEvent = { ...formOf(event), uniqueMessageId };
    const text = JSON.stringify(body);
    const message: OutgoingMessage = {
      routingKey: userKey(exchange, body.eventType, room),
      body: text,
      properties: {
        messageId: uniqueMessageId,
        type: body.eventType,
        timestamp: this.doors.clock.now(),
        persistent: true,
        headers: { 'x-exchange': exchange, 'x-reconciled': isReconciled },
      },
    };
    const isAccepted = this.doors.outbox.offer(room, message, delivery.onConfirmed);
    this.redis.offer({
      ...{ channel: userChannel(room), payload: text, exchange, kind: 'user', receivedAt },
      ...(event.kind === 'balanceDelta' && { onDoubt: delivery.onDoubt ?? ignored }),
    });
    if (event.kind === 'order') this.doors.orderCache.remember(event.report, text);
    this.doors.orderCache.touch(room, this.doors.clock.now());
    return { body, isAccepted };
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

  /** What the cache holds of the order may be out of date. */
  doubt(clientOrderId: string): void {
    this.doors.orderCache.doubt(clientOrderId);
  }

  close(): void {
    this.redis.close();
  }
}

function ignored(): void {
  // Whoever offered it does not care.
}

/** The form that the backend expects of the exchange. */
function formOf(event: AccountEvent): Omit<PublishedAccountEvent, 'uniqueMessageId'> & { eventType: string } {
  switch (event.kind) {
    case 'order':
      return { ...(event.wire ?? event.report) };
    case 'balances':
      return { ...(event.wire ?? event.position) };
    case 'balanceDelta':
      return { ...event.update };
  }
}

/** What makes an event this one and no other: the same change told twice has the same words. */
function identityOf(event: AccountEvent): readonly (string | number)[] {
  switch (event.kind) {
    case 'order': {
      const { symbol, orderId, orderStatus, totalTradeQuantity, orderTime, price, quantity } = event.report;
      return [symbol, orderId, orderStatus, totalTradeQuantity, orderTime, price, quantity];
    }
    case 'balances': {
      const { eventType, eventTime, balances } = event.position;
      return [
        eventType,
        eventTime,
        ...balances.map(({ asset, free, locked }) => `${asset}:${free}:${locked}`),
      ];
    }
    case 'balanceDelta': {
      const { eventType, asset, balanceDelta, clearTime, eventTime } = event.update;
      return [eventType, asset, balanceDelta, clearTime, eventTime];
    }
  }
}

function messageId(words: readonly (string | number)[]): string {
  const id = words.join('@');
  return Buffer.byteLength(id) <= MAX_ID_BYTES ? id : createHash('sha256').update(id).digest('hex');
}
