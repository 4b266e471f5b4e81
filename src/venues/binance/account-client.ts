import { CoinMClient, MainClient, USDMClient } from 'binance';
import { ConnectorError } from '../../domain/errors';
import type { MarketKind } from '../../domain/exchange';
import type { Account, AccountRestDeps } from '../contract';
import { accountError, venueCodeOf } from './account-errors';
import type { Endpoint } from './account-paths';
import { parseExact } from './exact-json';
import { isObject, isTime } from './fields';
import { hostsOf } from './hosts';
import { sign } from './signing';

type Client = MainClient | USDMClient | CoinMClient;

export type Params = Readonly<Record<string, string | number | boolean>>;

interface Call {
  /** Without parameters: it stands in errors. */
  readonly what: string;
  readonly weight: number;
  /** With the account's key. */
  readonly isOurs: boolean;
}

const CLIENTS = { spot: MainClient, linear: USDMClient, inverse: CoinMClient };

const TIME_PATH: Readonly<Record<MarketKind, string>> = {
  spot: 'api/v3/time',
  linear: 'fapi/v1/time',
  inverse: 'dapi/v1/time',
};

const LARGEST_ANSWER_BYTES = 32 * 1_024 * 1_024;
const CLOCK_CODE = '-1021';

/** REST calls of one account through the vendor's SDK; signed with our own code, for every kind of key. */
export class AccountClient {
  /** Venue time minus `venueNow()`, ms: set when the venue refuses our clock. */
  private skewMs = 0;

  constructor(
    private readonly account: Account,
    private readonly deps: AccountRestDeps,
  ) {}

  /** The venue's time by our best estimate, epoch ms. */
  now(): number {
    return Math.floor(this.deps.venueNow() + this.skewMs);
  }

  async serverTime(): Promise<number> {
    const answer = await this.ask({ what: 'time', weight: 1, isOurs: false }, (client, { kind }) =>
      client.get(TIME_PATH[kind]),
    );
    const { serverTime }: { serverTime?: unknown } = isObject(answer) ? answer : {};
    if (!isTime(serverTime)) throw this.badAnswer('time');
    return serverTime;
  }

  /** A refused clock is measured anew, once. */
  async signed({ path, weight }: Endpoint, params: Params = {}): Promise<unknown> {
    const run = () =>
      this.ask({ what: path, weight, isOurs: true }, (client) => client.getPrivate(path, params));
    try {
      return await run();
    } catch (error) {
      if (venueCodeOf(error) !== CLOCK_CODE) throw error;
      this.skewMs = (await this.serverTime()) - this.deps.venueNow();
      return run();
    }
  }

  /** Calls that the key alone authorises (listen keys). `what` names the call without its parameters. */
  async keyed(what: string, weight: number, run: (client: Client) => Promise<unknown>): Promise<unknown> {
    return this.ask({ what, weight, isOurs: true }, run);
  }

  badAnswer(what: string): ConnectorError {
    return new ConnectorError('REST_BAD_ANSWER', `${this.account.market.exchange} ${what}: odd answer`);
  }

  /** Every call goes through here. Signed, and its deadline set, once its turn has come. */
  private async ask(
    { what, weight, isOurs }: Call,
    run: (client: Client, market: Account['market']) => Promise<unknown>,
  ): Promise<unknown> {
    const { market } = this.account;
    try {
      return await this.deps.inTurn(async () => run(this.open(isOurs), market), weight);
    } catch (thrown) {
      throw accountError(`${market.exchange} ${what}`, thrown);
    }
  }

  /**
   * One client per call, because only a signal is a deadline for the whole answer. Raw exceptions,
   * because the SDK's own drop the HTTP status. Answers are parsed by us: its JSON.parse rounds order ids.
   */
  private open(isOurs: boolean): Client {
    const { market, credentials } = this.account;
    const { timeoutMs, rewrite } = this.deps;
    const client = new CLIENTS[market.kind](
      {
        baseUrl: rewrite(hostsOf(this.account).rest).replace(/\/+$/, ''),
        parseExceptions: false,
        ...(isOurs && { api_key: credentials.key, api_secret: credentials.secret, customSignMessageFn }),
      },
      {
        signal: AbortSignal.timeout(timeoutMs),
        timeout: timeoutMs,
        maxContentLength: LARGEST_ANSWER_BYTES,
        // The key would go along to wherever the answer points.
        maxRedirects: 0,
        transformResponse: [(text: unknown) => (typeof text === 'string' ? parseExact(text) : text)],
      },
    );
    // The SDK signs the system's time plus this.
    client.setTimeOffset(this.now() - Date.now());
    return client;
  }
}

/** Base64 must itself be escaped in the query. */
function customSignMessageFn(message: string, secret: string): Promise<string> {
  return Promise.resolve(encodeURIComponent(sign(message, secret)));
}
