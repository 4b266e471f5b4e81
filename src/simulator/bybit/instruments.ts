import type { SymbolSpec } from '../kit';
import { fixedText } from '../kit';
import type { CategoryName } from './category';

/** A row of `GET /v5/market/instruments-info`. https://bybit-exchange.github.io/docs/v5/market/instrument */
export function instrumentRow(category: CategoryName, spec: SymbolSpec): object {
  return category === 'spot' ? spotRow(spec) : contractRow(category, spec);
}

function spotRow({ symbol, base, quote, tickDecimals, lotDecimals }: SymbolSpec): object {
  return {
    symbol,
    baseCoin: base,
    quoteCoin: quote,
    innovation: '0',
    symbolType: '',
    status: 'Trading',
    marginTrading: 'utaOnly',
    stTag: '0',
    lotSizeFilter: {
      basePrecision: step(lotDecimals),
      quotePrecision: '0.0000001',
      minOrderQty: step(lotDecimals),
      maxOrderQty: '83',
      minOrderAmt: '5',
      maxOrderAmt: '8000000',
    },
    priceFilter: { tickSize: step(tickDecimals) },
    riskParameters: { priceLimitRatioX: '0.01', priceLimitRatioY: '0.02' },
  };
}

function contractRow(category: CategoryName, spec: SymbolSpec): object {
  const { symbol, base, quote, tickDecimals, lotDecimals } = spec;
  const isDated = /\d{2}$/.test(symbol);
  return {
    symbol,
    contractType: `${category === 'inverse' ? 'Inverse' : 'Linear'}${isDated ? 'Futures' : 'Perpetual'}`,
    status: 'Trading',
    baseCoin: base,
    quoteCoin: quote,
    launchTime: '1585526400000',
    deliveryTime: '0',
    deliveryFeeRate: '',
    priceScale: String(tickDecimals),
    leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
    priceFilter: { minPrice: step(tickDecimals), maxPrice: '1999999.80', tickSize: step(tickDecimals) },
    lotSizeFilter: {
      maxOrderQty: '1190.000',
      minOrderQty: step(lotDecimals),
      qtyStep: step(lotDecimals),
      maxMktOrderQty: '500.000',
      minNotionalValue: '5',
    },
    unifiedMarginTrade: true,
    fundingInterval: 480,
    settleCoin: category === 'inverse' ? base : quote,
    copyTrading: 'none',
    upperFundingRate: '0.00375',
    lowerFundingRate: '-0.00375',
    displayName: '',
    isPreListing: false,
    preListingInfo: null,
  };
}

/** `step(2)` = `0.01` */
function step(decimals: number): string {
  return fixedText(1, decimals);
}
