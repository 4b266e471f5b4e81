import { ConnectorError, errorText } from '../../domain/errors';
import type { Clock } from '../../domain/time';
import type { FetchLike } from '../../instruments/exchange-service';
import { pairsOf } from '../../instruments/exchange-service';
import { failureAdvice, failureText } from '../../probe/advice';
import { reach, targetOf } from '../../probe/reach';
import type { Check, Finding } from '../check';
import { ok, skip, warn } from '../check';

const REACH_MS = 5_000;
/** Any exchange will do; this one every installation has. */
const ASKED = 'binance';
const FALLBACK = "until then the venues' own symbol lists are used";

/** Not there is no failure: the connector does without. */
export function exchangeService(url: string, clock: Clock, request?: FetchLike): Check {
  return {
    name: 'exchange service',
    // Longer than the client's own patience, so that its words are what is told.
    limitMs: 20_000,
    run: () =>
      url === ''
        ? Promise.resolve(skip("EXCHANGE_SERVICE_API_URL is empty: the venues' own symbol lists are used"))
        : look(url, clock, request),
  };
}

async function look(url: string, clock: Clock, request: FetchLike | undefined): Promise<Finding> {
  const target = targetOf(url);
  const reached = await reach(target, clock, REACH_MS);
  if (!reached.isReached) {
    return warn(
      failureText(target, reached),
      `${failureAdvice(reached)}; see EXCHANGE_SERVICE_API_URL; ${FALLBACK}`,
    );
  }
  try {
    const pairs = await pairsOf(url, ASKED, request);
    if (pairs.length > 0) return ok(`${pairs.length} pairs of ${ASKED}`);
    return warn(`${url} lists no pairs of ${ASKED}`, `look at its log; ${FALLBACK}`);
  } catch (error) {
    return warn(`${url}: ${errorText(error)}`, `${adviceFor(error)}; ${FALLBACK}`);
  }
}

function adviceFor(error: unknown): string {
  const isShape = error instanceof ConnectorError && error.code === 'REST_BAD_ANSWER';
  return isShape
    ? 'something else answers there: correct EXCHANGE_SERVICE_API_URL'
    : 'look at the log of the exchange service';
}
