import type { Balance, OutboundAccountPosition } from '../../domain/account';
import { add } from '../../domain/decimal';
import { ConnectorError } from '../../domain/errors';
import type { InstrumentIndex } from '../../domain/instrument';
import type { MarketDescriptor } from '../contract';
import { signedAmountOf } from './amounts';
import { amountOf, isObject } from './fields';
import type { OrderSource } from './order-source';
import { currencyOf } from './symbols';

/** Balances of the market, absolute. No answer holds a time: it is the venue's now, by our estimate. */
export async function accountBalances(
  source: OrderSource,
  market: MarketDescriptor,
  instruments: InstrumentIndex,
): Promise<OutboundAccountPosition> {
  const eventTime = source.venueNow();
  const balances =
    market.kind === 'spot' ? await spot(source) : await futures(source, currenciesOf(market, instruments));
  return { eventType: 'outboundAccountPosition', eventTime, lastAccountUpdate: 0, balances };
}

/**
 * [{"id":"548674591753","currency":"USDT","type":"trade","balance":"26.6","available":"26.6","holds":"0"}]
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-list-spot
 */
async function spot(source: OrderSource): Promise<readonly Balance[]> {
  const answer = await source.call('spot balances', '/api/v1/accounts?type=trade');
  if (!Array.isArray(answer)) throw badAnswer(source);
  return (answer as readonly unknown[]).map((row) => {
    const { currency, available, holds } = (isObject(row) ? row : {}) as Readonly<Record<string, unknown>>;
    return balanceOf(source, currency, amountOf(available), amountOf(holds));
  });
}

/**
 * {"currency":"USDT","availableBalance":290.7,"positionMargin":93.0,"orderMargin":10.0,"frozenFunds":0, ...}
 * https://www.kucoin.com/docs-new/rest/account-info/account-funding/get-account-futures
 */
async function futures(source: OrderSource, currencies: readonly string[]): Promise<readonly Balance[]> {
  const balances: Balance[] = [];
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
): Balance {
  const isReadable = typeof currency === 'string' && currency !== '';
  if (!isReadable || free === undefined || locked === undefined) throw badAnswer(source);
  return { asset: source.exchange === 'kucoin' ? currency : currencyOf(currency), free, locked };
}

function badAnswer({ exchange }: OrderSource): ConnectorError {
  return new ConnectorError('REST_BAD_ANSWER', `${exchange} balances: not readable`);
}
