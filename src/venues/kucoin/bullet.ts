import { z } from 'zod';
import { ConnectorError } from '../../domain/errors';
import type { MarketDescriptor, VenueRest } from '../contract';

/** What a connection of the public streams begins with. */
export interface PublicToken {
  /** Where to connect; `ws:` only where the REST API itself was plain HTTP (a local test server). */
  readonly endpoint: string;
  /** A secret in all but name: whoever has it can take our place. Never logged. */
  readonly token: string;
  /** Counts the tokens of this client, from 1. */
  readonly serial: number;
}

export interface KucoinRest extends VenueRest {
  /** A fresh token. It opens one connection and lives as long as that may: 24 h. */
  publicToken(market: MarketDescriptor): Promise<PublicToken>;
}

/**
 * {"token":"2neAi...","instanceServers":[{"endpoint":"wss://ws-api-spot.kucoin.com/","encrypt":true,
 *  "protocol":"websocket","pingInterval":18000,"pingTimeout":10000}]}
 * https://www.kucoin.com/docs-new/websocket-api/base-info/get-public-token-spot-margin
 */
const Bullet = z.object({
  token: z.string().min(1).max(4_096),
  instanceServers: z.array(z.object({ endpoint: z.string(), protocol: z.string().optional() })),
});

/**
 * Reads the answer. Each serial begins with the next server of the list, so that a dead one is left
 * behind by the next dial.
 */
export function readToken(
  { exchange }: MarketDescriptor,
  answer: unknown,
  serial: number,
  isPlainAllowed: boolean,
): PublicToken {
  const bullet = Bullet.safeParse(answer);
  // Without zod's report: it might quote the token.
  if (!bullet.success) throw badAnswer(exchange, 'unreadable');
  const { token, instanceServers } = bullet.data;
  const servers = instanceServers.filter(
    ({ endpoint, protocol }) =>
      (protocol ?? 'websocket') === 'websocket' && isEndpoint(endpoint, isPlainAllowed),
  );
  const server = servers[serial % servers.length];
  if (server === undefined) throw badAnswer(exchange, 'no server to connect to');
  return { endpoint: server.endpoint, token, serial };
}

function isEndpoint(text: string, isPlainAllowed: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol } = new URL(text);
  return protocol === 'wss:' || (isPlainAllowed && protocol === 'ws:');
}

function badAnswer(exchange: string, problem: string): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} token: ${problem}`);
}
