/** Accounts that a venue cannot have are told by the field of the command, before anything is opened. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Account } from './contract';
import { accountMarkets } from './registry';

const marketOf = accountMarkets('ws://paper.example');

function problemOf(
  exchange: string,
  environment: Account['environment'],
  options: Record<string, string> = {},
): string | undefined {
  const known = marketOf(exchange);
  assert.ok(known?.adapter.accountFeed, exchange);
  const credentials = { key: 'K', secret: 'S', passphrase: 'P', options };
  return known.adapter.accountFeed.misplaced?.({ market: known.market, credentials, environment });
}

test('what no venue has is told by its field', () => {
  for (const exchange of ['bybit', 'bybitLinear', 'bybitInverse']) {
    const problem = problemOf(exchange, 'live', { bybitHost: 'hk' });
    assert.equal(problem, 'bybitHost: none of com, eu, nl, tr, kz, ge, demo');
  }
  assert.equal(problemOf('binanceUS', 'sandbox'), 'environment: binanceUS has no sandbox accounts');
  for (const exchange of ['kucoin', 'kucoinLinear', 'kucoinInverse']) {
    assert.equal(problemOf(exchange, 'sandbox'), 'environment: the venue has no sandbox');
  }
});

test('every site of the contract is one, and so is everything that names none', () => {
  for (const bybitHost of ['', 'com', 'eu', 'nl', 'tr', 'kz', 'ge']) {
    assert.equal(problemOf('bybitLinear', 'live', { bybitHost }), undefined, bybitHost);
  }
  assert.equal(problemOf('bybit', 'sandbox', { bybitHost: 'eu' }), undefined);
  for (const exchange of ['binance', 'binanceUsdm', 'binanceCoinm', 'okx', 'coinbase', 'bitget']) {
    for (const environment of ['live', 'sandbox'] as const) {
      assert.equal(problemOf(exchange, environment), undefined, exchange);
    }
  }
  for (const exchange of ['binanceUS', 'kucoin', 'paperKucoin', 'paperBybitLinear']) {
    assert.equal(problemOf(exchange, 'live', { okxSource: 'my' }), undefined, exchange);
  }
  // The paper server has no sites.
  assert.equal(problemOf('paperKucoin', 'sandbox', { bybitHost: 'hk' }), undefined);
});
