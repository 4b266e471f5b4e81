/** The public class as a TypeScript user sees it. The compiler is the test: `npm run typecheck`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Candle, PriceConnectorDeps, PriceConnectorEvents, SubscribeCandlePayload, Ticker } from '.';
import DefaultPriceConnector, { PriceConnector } from '.';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** Fails to compile where the claim is false. */
const claim = <T extends true>(...claims: T[]): number => claims.length;
/** Fails to compile where the value is not exactly of that type. */
const exactly =
  <A>() =>
  <B>(value: B, ...problem: Same<A, B> extends true ? [] : ['another type']): number =>
    problem.length + Number(value !== undefined);

type Listener<K extends keyof PriceConnectorEvents> = (...args: PriceConnectorEvents[K]) => void;
/** What can be called with these arguments; `never` where it cannot. */
type Accepts<F, A> = F extends (argument: A) => unknown ? true : false;

test('the events carry the published objects', () => {
  claim<Same<PriceConnectorEvents['candle'], [candle: Candle]>>(true);
  claim<Same<PriceConnectorEvents['ticker'], [ticker: Ticker]>>(true);
  claim<Same<Parameters<Listener<'candle'>>[0]['start'], number>>(true);
  claim<Same<Candle['open' | 'high' | 'low' | 'close' | 'volume'], string>>(true);
  claim<Same<Candle['closed'], boolean>>(true);
  claim<Same<Ticker['price'], string>>(true);
});

test('the methods are those of the documentation', () => {
  claim<Same<Parameters<PriceConnector['init']>, []>>(true);
  claim<Same<ReturnType<PriceConnector['init']>, Promise<void>>>(true);
  claim<Same<Parameters<PriceConnector['subscribeCandle']>, [payload: SubscribeCandlePayload]>>(true);
  claim<Same<ReturnType<PriceConnector['stop']>, Promise<boolean>>>(true);
  claim<Same<ConstructorParameters<typeof PriceConnector>, [deps?: Partial<PriceConnectorDeps>]>>(true);
  claim<Accepts<PriceConnector['subscribeCandle'], { symbol: string; exchange: string; interval: string }>>(
    true,
  );
  type WithoutInterval = Accepts<PriceConnector['subscribeCandle'], { symbol: string; exchange: string }>;
  claim<Same<WithoutInterval, false>>(true);
  assert.equal(DefaultPriceConnector, PriceConnector);
});

/** The documentation's snippet, compiled and never run: it would connect. */
export function snippet(): void {
  const priceConnector = new DefaultPriceConnector();
  void priceConnector.init();
  priceConnector.subscribeCandle({ symbol: 'BTCUSDT', exchange: 'binance', interval: '1m' });
  priceConnector.on('candle', (candle) => {
    exactly<Candle>()(candle);
  });
  priceConnector.on('ticker', (ticker) => {
    exactly<Ticker>()(ticker);
  });
  priceConnector.once('ticker', ({ price }) => {
    exactly<string>()(price);
  });
  // @ts-expect-error: nobody emits it, so nobody may wait for it
  priceConnector.on('trade', () => undefined);
  // @ts-expect-error: a listener gets the published object, whose price is a decimal text
  priceConnector.on('ticker', ({ price }: { price: number }) => price);
  // @ts-expect-error: the interval is missing
  priceConnector.subscribeCandle({ symbol: 'BTCUSDT', exchange: 'binance' });
}
