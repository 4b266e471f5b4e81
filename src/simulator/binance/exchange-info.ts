import type { SymbolSpec } from '../kit';
import type { BinanceMarket } from './venue';

const FAR_FUTURE = 4_133_404_800_000;
const ONBOARDED = 1_569_398_400_000;
const ORDER_TYPES = ['LIMIT', 'LIMIT_MAKER', 'MARKET', 'STOP_LOSS_LIMIT', 'TAKE_PROFIT_LIMIT'];
const FUTURES_ORDER_TYPES = ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET'];
const TIMES_IN_FORCE = ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'];

/** What exchangeInfo answers: the traded symbols and one that is listed but cannot be traded. */
export function exchangeInfo(market: BinanceMarket, symbols: readonly SymbolSpec[], now: number): object {
  const toEntry = market.isFutures ? futuresEntry : spotEntry;
  const halted: SymbolSpec[] = symbols.slice(0, 1).map((first) => ({
    ...first,
    symbol: market.product === 2 ? 'LUNAUSD_PERP' : `LUNA${first.quote}`,
    base: 'LUNA',
  }));
  return {
    timezone: 'UTC',
    serverTime: now,
    ...(market.isFutures ? { futuresType: market.product === 1 ? 'U_MARGINED' : 'COIN_MARGINED' } : {}),
    rateLimits: [
      {
        rateLimitType: 'REQUEST_WEIGHT',
        interval: 'MINUTE',
        intervalNum: 1,
        limit: market.weightPerMinute,
      },
    ],
    exchangeFilters: [],
    symbols: [
      ...symbols.map((spec) => toEntry(market, spec, 'TRADING')),
      ...halted.map((spec) => toEntry(market, spec, market.isFutures ? 'SETTLING' : 'BREAK')),
    ],
  };
}

function spotEntry(_market: BinanceMarket, spec: SymbolSpec, status: string): object {
  return {
    symbol: spec.symbol,
    status,
    baseAsset: spec.base,
    baseAssetPrecision: 8,
    quoteAsset: spec.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      ...filtersOf(spec, 8),
      { filterType: 'NOTIONAL', minNotional: '5.00000000', applyMinToMarket: true, avgPriceMins: 5 },
    ],
    permissions: [],
    permissionSets: [['SPOT']],
    defaultSelfTradePreventionMode: 'EXPIRE_MAKER',
    allowedSelfTradePreventionModes: ['EXPIRE_TAKER', 'EXPIRE_MAKER', 'EXPIRE_BOTH'],
  };
}

/** COIN-M says `contractStatus` and `contractSize` where USD-M says `status`. */
function futuresEntry({ product }: BinanceMarket, spec: SymbolSpec, status: string): object {
  const isCoinMargined = product === 2;
  const delivery = /_(\d{6})$/.exec(spec.symbol)?.[1];
  return {
    symbol: spec.symbol,
    pair: `${spec.base}${spec.quote}`,
    contractType: delivery === undefined ? 'PERPETUAL' : 'CURRENT_QUARTER',
    deliveryDate: delivery === undefined ? FAR_FUTURE : deliveryTime(delivery),
    onboardDate: ONBOARDED,
    ...(isCoinMargined ? { contractStatus: status, contractSize: spec.contractSize } : { status }),
    maintMarginPercent: '2.5000',
    requiredMarginPercent: '5.0000',
    baseAsset: spec.base,
    quoteAsset: spec.quote,
    marginAsset: isCoinMargined ? spec.base : spec.quote,
    pricePrecision: spec.tickDecimals,
    quantityPrecision: spec.lotDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    underlyingType: 'COIN',
    underlyingSubType: [],
    triggerProtect: '0.0500',
    liquidationFee: '0.015000',
    marketTakeBound: '0.05',
    filters: [
      ...filtersOf(spec, 0),
      ...(isCoinMargined ? [] : [{ filterType: 'MIN_NOTIONAL', notional: '5' }]),
    ],
    orderTypes: FUTURES_ORDER_TYPES,
    timeInForce: TIMES_IN_FORCE,
  };
}

function filtersOf(spec: SymbolSpec, digits: number): readonly object[] {
  const tickSize = stepText(spec.tickDecimals, digits);
  const stepSize = stepText(spec.lotDecimals, digits);
  return [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000', tickSize },
    { filterType: 'LOT_SIZE', minQty: stepSize, maxQty: '9000000', stepSize },
  ];
}

/** 10^-decimals, padded with zeros: `stepText(2, 8)` = `0.01000000`. */
function stepText(decimals: number, digits: number): string {
  const shown = Math.max(decimals, digits);
  return (10 ** -decimals).toFixed(shown);
}

/** `261225`: 08:00 UTC of that day. */
function deliveryTime(delivery: string): number {
  const part = (from: number): number => Number(delivery.slice(from, from + 2));
  return Date.UTC(2_000 + part(0), part(2) - 1, part(4), 8);
}
