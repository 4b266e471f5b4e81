import { RestClientV5 } from 'bybit-api';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps } from '../contract';
import { signedRestUrl } from './hosts';
import { requestRefusal } from './refusals';
import { badAnswer, fromThrown } from './rest-errors';
import { signatureOf } from './signing';

/** How long the venue takes a signed request for fresh (ms); it may be at most 1 s ahead. */
const RECEIVE_WINDOW_MS = 5_000;
/** A page of orders has about 60 KB, a wallet of every coin about 300 KB. */
const LARGEST_ANSWER = 16 * 1_024 * 1_024;
const UNAUTHORIZED = 401;

/** An answer with code 0. */
export interface Answer {
  /** The venue's clock, epoch ms. */
  readonly time: number;
  readonly result: Readonly<Record<string, unknown>>;
}

export type Ask = (request: (client: RestClientV5) => Promise<unknown>) => Promise<Answer>;

/**
 * One request with one deadline, from the dial to the last byte; signed, and its deadline set, once its
 * turn has come. The venue counts requests, whatever they ask for. Only ConnectorErrors come out.
 */
export function askerOf(account: Account, deps: AccountRestDeps): Ask {
  return async (request) => {
    try {
      return readAnswer(await deps.inTurn(async () => request(new TimedClient(account, deps))));
    } catch (thrown) {
      throw failureOf(thrown);
    }
  };
}

/** The SDK's client on the venue's time and with our signature. */
class TimedClient extends RestClientV5 {
  constructor(
    account: Account,
    private readonly deps: AccountRestDeps,
  ) {
    const { key, secret } = account.credentials;
    super(
      {
        key,
        secret,
        baseUrl: deps.rewrite(signedRestUrl(account)),
        recv_window: RECEIVE_WINDOW_MS,
        // Asks `fetchServerTime` below, which sends nothing.
        syncTimeBeforePrivateRequests: true,
        customSignMessageFn: (text) => Promise.resolve().then(() => signatureOf(text, secret)),
      },
      {
        timeout: deps.timeoutMs,
        // The SDK's own timeout restarts with every byte, so a dripping answer would never end.
        signal: AbortSignal.timeout(deps.timeoutMs),
        maxContentLength: LARGEST_ANSWER,
        maxRedirects: 0,
        // Otherwise text that is no JSON is taken apart into its characters.
        responseType: 'json',
        transitional: { silentJSONParsing: false },
      },
    );
  }

  /** Seconds. */
  override fetchServerTime(): Promise<number> {
    return Promise.resolve(this.deps.venueNow() / 1_000);
  }
}

/** `never` is kept for refused credentials: any other failure of a signed request may pass. */
function failureOf(thrown: unknown): ConnectorError {
  if (thrown instanceof ConnectorError) return thrown;
  const isUnauthorized =
    typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === UNAUTHORIZED;
  if (isUnauthorized) {
    return new ConnectorError('REST_FAILED', 'Bybit refused the API key (HTTP 401)', { retry: 'never' });
  }
  const { code, message, retry } = fromThrown(thrown);
  return new ConnectorError(code, message, { retry: retry === 'never' ? 'backoff' : retry });
}

/** {"retCode":0,"retMsg":"OK","result":{...},"retExtInfo":{},"time":1672025956592} */
function readAnswer(answer: unknown): Answer {
  if (!isFields(answer) || typeof answer.retCode !== 'number') throw badAnswer('without a code');
  if (answer.retCode !== 0) throw requestRefusal(answer.retCode);
  const { result, time } = answer;
  if (!isFields(result)) throw badAnswer('without a result');
  if (!Number.isSafeInteger(time) || (time as number) <= 0) throw badAnswer('without its time');
  return { time: time as number, result };
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
