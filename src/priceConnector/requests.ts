import { z } from 'zod';
import { ConnectorError } from '../domain/errors';
import { realTwin } from '../domain/exchange';
import { isInterval } from '../domain/interval';
import type { Interval } from '../domain/interval';
import type { MarketDescriptor, VenueAdapter } from '../venues/contract';

/** A wish for candles. `interval` is canonical (`1h`) or the backend's spelling for the venue (`candle1H`). */
export interface SubscribeCandlePayload {
  readonly symbol: string;
  readonly exchange: string;
  readonly interval: string;
}

/** A validated wish: `alias` is the spelling of the request, its sender listens on exactly that channel. */
export interface CandleRequest {
  readonly venue: string;
  readonly exchange: string;
  readonly symbol: string;
  readonly interval: Interval;
  readonly alias: string;
}

export interface KnownMarket {
  readonly adapter: VenueAdapter;
  readonly market: MarketDescriptor;
}

const text = (max: number): z.ZodString => z.string().min(1).max(max);
const Payload = z.object({ symbol: text(100), exchange: text(40), interval: text(20) });
const Envelope = z.object({ payload: z.unknown() });

/** Body of a `candlesRequests` message -> payload. Throws COMMAND_INVALID naming the bad field. */
export function payloadOf(body: Buffer): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw new ConnectorError('COMMAND_INVALID', 'the body is not JSON', { retry: 'never', cause: error });
  }
  const envelope = Envelope.safeParse(parsed);
  if (!envelope.success || envelope.data.payload === undefined) {
    throw new ConnectorError('COMMAND_INVALID', 'payload: missing', { retry: 'never' });
  }
  return envelope.data.payload;
}

/** Throws COMMAND_INVALID naming the bad field; paper exchanges mean their real twin. */
export function candleRequest(
  payload: unknown,
  find: (exchange: string) => KnownMarket | undefined,
): CandleRequest {
  const parsed = Payload.safeParse(payload);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') || 'payload';
    throw new ConnectorError('COMMAND_INVALID', `${field}: ${issue?.message ?? 'invalid'}`, {
      retry: 'never',
    });
  }
  const { symbol, exchange: named, interval: alias } = parsed.data;
  const exchange = realTwin(named);
  const known = find(exchange);
  if (!known) throw new ConnectorError('COMMAND_INVALID', 'exchange: unknown', { retry: 'never' });
  const names = known.adapter.descriptor.intervalNames;
  const interval = Object.hasOwn(names, alias) ? names[alias] : isInterval(alias) ? alias : undefined;
  if (!interval) throw new ConnectorError('COMMAND_INVALID', 'interval: unknown', { retry: 'never' });
  return { venue: known.adapter.descriptor.venue, exchange, symbol, interval, alias };
}
