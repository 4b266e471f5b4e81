import { z } from 'zod';
import { ConnectorError, errorText } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';

/** A pair of the backend's exchange service (contract section 5). */
export interface BackendPair {
  readonly pair: string;
  readonly base: string;
  readonly quote: string;
}

const Pair = z.object({
  pair: z.string().min(1).max(100),
  baseAsset: z.object({ name: z.string() }),
  quoteAsset: z.object({ name: z.string() }),
});
/** NOTOK comes with HTTP 200 and `data: null`. */
const Answer = z.object({
  status: z.enum(['OK', 'NOTOK']),
  data: z.array(z.unknown()).nullish(),
  reason: z.string().nullish(),
});

export type FetchLike = (url: string, init: { signal: AbortSignal }) => Promise<Response>;

const TIMEOUT_MS = 10_000;

/**
 * `GET /exchange/all`: every pair of one exchange. A pair that cannot be read is left out; an answer
 * that cannot be read fails with REST_BAD_ANSWER, a late one with REST_TIMEOUT.
 */
export async function pairsOf(
  baseUrl: string,
  exchange: ExchangeId,
  request: FetchLike = fetch,
): Promise<readonly BackendPair[]> {
  const url = `${baseUrl.replace(/\/+$/, '')}/exchange/all?exchange=${encodeURIComponent(exchange)}`;
  const answer = Answer.safeParse(await jsonOf(url, request));
  if (!answer.success) {
    throw new ConnectorError('REST_BAD_ANSWER', 'exchange service: unexpected shape', {
      cause: answer.error,
    });
  }
  if (answer.data.status !== 'OK' || !answer.data.data) {
    throw new ConnectorError('REST_FAILED', `exchange service: ${answer.data.reason ?? 'status NOTOK'}`);
  }
  return answer.data.data.flatMap((one) => {
    const pair = Pair.safeParse(one);
    if (!pair.success) return [];
    return [{ pair: pair.data.pair, base: pair.data.baseAsset.name, quote: pair.data.quoteAsset.name }];
  });
}

async function jsonOf(url: string, request: FetchLike): Promise<unknown> {
  try {
    const response = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new ConnectorError('REST_FAILED', `exchange service: HTTP ${response.status}`);
    return await response.json();
  } catch (error) {
    if (error instanceof ConnectorError) throw error;
    const isTimeout = error instanceof Error && error.name === 'TimeoutError';
    throw new ConnectorError(
      isTimeout ? 'REST_TIMEOUT' : 'REST_FAILED',
      `exchange service: ${isTimeout ? 'no answer in time' : errorText(error)}`,
      { cause: error },
    );
  }
}
