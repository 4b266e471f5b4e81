import { ConnectorError, errorText } from '../domain/errors';
import { InstrumentIndex } from '../domain/instrument';
import type { Clock } from '../domain/time';
import { atOnce } from '../venues/at-once';
import type { Account } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import { refusalIn } from './tap';
import type { Verdict } from './verdict';
import { verdictOfRefusal } from './verdict';

export interface SignedLookDeps {
  readonly clock: Clock;
  readonly rewrite: (url: string) => string;
}

export interface SignedLook {
  /** Absent: well. */
  readonly refused?: Verdict;
  /** What could not be looked at. */
  readonly incomplete?: string;
}

const TIMEOUT_MS = 10_000;

/**
 * Reads open orders and balances once by signed REST, as the connector does after every gap. A live stream
 * proves less: some are opened by the key alone, and streams and REST have rights of their own.
 */
export async function signedLook(
  { adapter }: KnownMarket,
  account: Account,
  { clock, rewrite }: SignedLookDeps,
): Promise<SignedLook> {
  if (!adapter.connectAccount) return {};
  let offsetMs = 0;
  const venueNow = (): number => Math.round(clock.now() + offsetMs);
  try {
    const rest = adapter.connectAccount(account, {
      rewrite,
      timeoutMs: TIMEOUT_MS,
      venueNow,
      inTurn: atOnce,
    });
    offsetMs = (await rest.serverTime()) - clock.now();
    const query = {
      sinceMs: venueNow(),
      instruments: new InstrumentIndex(),
      known: [],
      isAudit: true,
    } as const;
    const { incomplete } = await rest.snapshot(query);
    return incomplete === undefined ? {} : { incomplete };
  } catch (error) {
    return { refused: verdictOf(error) };
  }
}

function verdictOf(error: unknown): Verdict {
  const refusal = refusalIn(error);
  const verdict = refusal && verdictOfRefusal(refusal, true);
  if (verdict) return verdict;
  const detail = `orders and balances cannot be read by REST: ${errorText(error)}`;
  // The stream stands on this key: what REST refuses for good is a right of its own.
  return error instanceof ConnectorError && error.retry === 'never'
    ? {
        verdict: 'missing-permission',
        detail,
        todo: 'give the key the right to read orders and balances of this market; the connector closes gaps by it',
      }
    : { verdict: 'venue', detail, todo: 'try again later; the connector closes gaps by these requests' };
}
