import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { add } from '../../domain/decimal';
import type { InstrumentIndex } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { signedAmountOf } from './amounts';
import { amountOf, isObject } from './fields';
import { unreadable, type OrderSource } from './order-source';
import { currencyOf } from './symbols';

export interface BalancesRead {
  /** Absent where not all of them can be read. */
  readonly position?: OutboundAccountPosition;
  /** What is missing, in words for an operator. */
  readonly gaps: readonly string[];
}

/**
 * Balances of the market, absolute. No answer holds a time: it is the venue's now, by our estimate. What is
 * not told is taken for empty: all or nothing.
 */
export async function accountBalances(
  source: OrderSource,
  market: MarketDescriptor,
  instruments: InstrumentIndex,
): Promise<BalancesRead> {
  const eventTime = source.venueNow();
  const rows =
    market.kind === 'spot' ? await spot(source) : await futures(source, currenciesOf(market, instruments));
  const balances = rows.filter((one) => one !== undefined);
  const odd = rows.length - balances.length;
  if (odd > 0) return { gaps: [`the balances are left out, as ${odd} of them cannot be read`] };
  const position = {
    eventType: 'outboundAccountPosition',
    eventTime,
    lastAccountUpdate: 0,
    balances,
  } as const;
  return { position, gaps: [] };
}

/** Undefined where a row cannot be read. */
type Rows = readonly (Balance | undefined)[];

/**
 * [{"id":"548674591753","currency":"USDT","type":"trade","balance":"26.6","available":"26.6","holds":"0"}]
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-list-spot
 */
async function spot(source: OrderSource): Promise<Rows> {
  const answer = await source.call('spot balances', '/api/v1/accounts?type=trade');
  if (!Array.isArray(answer)) throw unreadable(source.exchange, 'spot balances');
  return (answer as readonly unknown[]).map((row) => {
    const { currency, available, holds } = (isObject(row) ? row : {}) as Readonly<Record<string, unknown>>;
    return balanceOf(source, currency, amountOf(available), amountOf(holds));
  });
}

/**
 * {"currency":"USDT","availableBalance":290.7,"positionMargin":93.0,"orderMargin":10.0,"frozenFunds":0, ...}
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-futures
 */
async function futures(source: OrderSource, currencies: readonly string[]): Promise<Rows> {
  const balances: (Balance | undefined)[] = [];
  for (const currency of currencies) {
    const search = new URLSearchParams({ currency }).toString();
    const row = await source.call('futures balances', `/api/v1/account-overview?${search}`);
    const wire = (isObject(row) ? row : {}) as Readonly<Record<string, unknown>>;
    const locked = [wire['positionMargin'], wire['orderMargin'], wire['frozenFunds']]
      .map(amountOf)
      .reduce((sum, part) => (sum === undefined || part === undefined ? undefined : add(sum, part)), '0');
    balances.push(balanceOf(source, currency, signedAmountOf(wire['availableBalance']), locked));
  }
  return balances;
}

/** What the market's contracts settle in, by the venue's names. */
function currenciesOf({ kind }: MarketDescriptor, instruments: InstrumentIndex): readonly string[] {
  if (kind === 'linear')
    return [...new Set(['USDT', 'USDC', ...instruments.all().map(({ quote }) => quote)])];
  const bases = instruments.all().map(({ base }) => (base === 'BTC' ? 'XBT' : base));
  return [...new Set(['XBT', ...bases])];
}

function balanceOf(
  source: OrderSource,
  currency: unknown,
  free: string | undefined,
  locked: string | undefined,
): Balance | undefined {
  const isReadable = typeof currency === 'string' && currency !== '';
  if (!isReadable || free === undefined || locked === undefined) return undefined;
  return { asset: source.exchange === 'kucoin' ? currency : currencyOf(currency), free, locked };
}
