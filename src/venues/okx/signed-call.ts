import { RestClient } from 'okx-api';
import { ConnectorError } from '../../domain/errors';
import type { Account, AccountRestDeps } from '../contract';
import { accountError } from './account-errors';
import { isDemo, restUrlOf } from './hosts';
import { sign } from './signing';

export interface Question {
  /** Names it in errors: no secret, no query. */
  readonly what: string;
  /** One of `WEIGHT`. */
  readonly weight: number;
}

/** One REST call, its turn, deadline and error conversion included. */
export type Call = (question: Question, ask: (client: RestClient) => Promise<unknown>) => Promise<unknown>;

type RequestOptions = NonNullable<ConstructorParameters<typeof RestClient>[1]>;

/** A hundred orders have about 150 KB. */
const LARGEST_ANSWER_BYTES = 8 * 1_024 * 1_024;
const ISO_LENGTH = '2020-12-08T09:08:57.715Z'.length;

/** Calls of the account's region and environment, signed with the venue's time. */
export function signedCalls(account: Account, deps: AccountRestDeps): Call {
  const { exchange } = account.market;
  const { key, secret, passphrase } = account.credentials;
  const baseUrl = deps.rewrite(restUrlOf(account)).replace(/\/+$/, '');
  return async ({ what, weight }, ask) => {
    if (key === '' || secret === '' || passphrase === '') {
      throw new ConnectorError('REST_FAILED', `${exchange} ${what}: key, secret or passphrase is missing`, {
        retry: 'never',
      });
    }
    try {
      // The deadline and the signature begin with the turn, which may take minutes to come.
      return await deps.inTurn(async () => ask(clientOf(account, baseUrl, deps)), weight);
    } catch (thrown) {
      throw accountError(`${exchange} ${what}`, thrown);
    }
  };
}

/**
 * One client per call, because only a signal is a deadline for the whole answer. The SDK signs with the
 * time of this machine: its text is signed anew with the venue's, which replaces the header as well.
 */
function clientOf(account: Account, baseUrl: string, { venueNow, timeoutMs }: AccountRestDeps): RestClient {
  const { key, secret, passphrase } = account.credentials;
  let timestamp = '';
  const request: RequestOptions = {
    signal: AbortSignal.timeout(timeoutMs),
    timeout: timeoutMs,
    maxContentLength: LARGEST_ANSWER_BYTES,
    // A redirect would carry the key to another host.
    maxRedirects: 0,
    transformRequest: (data: unknown, headers) => {
      if (timestamp !== '') headers.set('OK-ACCESS-TIMESTAMP', timestamp);
      return data;
    },
  };
  const options = {
    apiKey: key,
    apiSecret: secret,
    apiPass: passphrase,
    baseUrl,
    demoTrading: isDemo(account),
    parse_exceptions: false, // the SDK's own drop status and headers
    customSignMessageFn: (text: string) => {
      timestamp = new Date(venueNow()).toISOString();
      return Promise.resolve(sign(secret, timestamp + text.slice(ISO_LENGTH)));
    },
  };
  return new RestClient(options, request);
}
