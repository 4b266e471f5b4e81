import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { loadConfig } from '../config';
import { paperTwin } from '../domain/exchange';
import { candleRequest } from '../priceConnector/requests';
import { accountMarkets, allVenues, marketOf, venueNamed } from './registry';

const URL_OF_PAPER = 'ws://paper-trading';
const forAccounts = accountMarkets(URL_OF_PAPER);
const REAL = allVenues().flatMap(({ descriptor }) => descriptor.markets);

describe('paper exchanges', () => {
  for (const { exchange } of REAL.filter((market) => market.exchange !== 'binanceUS')) {
    const paper = paperTwin(exchange);

    test(`${paper}: prices of the real exchange, an account of its own`, () => {
      assert.equal(marketOf(paper), marketOf(exchange));
      const known = forAccounts(paper);
      assert.equal(known?.market.exchange, paper);
      assert.equal(known.adapter.descriptor.venue, 'paper');
      assert.equal(known.market.endpoints.account, 'ws://paper-trading/socket.io/?EIO=4&transport=websocket');
      assert.equal(known.market.kind, marketOf(exchange)?.market.kind);
      assert.equal(forAccounts(exchange), marketOf(exchange), 'the real one stays as it is');
    });

    test(`${paper}: candles are asked of the real exchange`, () => {
      const request = candleRequest({ symbol: 'BTCUSDT', exchange: paper, interval: '1m' }, marketOf);
      assert.equal(request.exchange, exchange);
      assert.notEqual(request.venue, 'paper');
    });
  }

  test('what is no paper twin has no account', () => {
    for (const exchange of [
      'paperBinanceUS',
      'paperMexc',
      'paper',
      'paperbinance',
      'paperPaperBinance',
      'PaperBinance',
      '__proto__',
    ]) {
      assert.equal(forAccounts(exchange), undefined, exchange);
    }
  });

  test('no real market is touched', () => {
    for (const market of REAL) assert.ok(!market.exchange.startsWith('paper'));
    assert.ok(allVenues().every(({ descriptor }) => descriptor.venue !== 'paper'));
  });
});

test('the venues that the configuration may set to their demo are known here', () => {
  const { sandboxVenues } = loadConfig({ RABBIT_PASSWORD: 'x', ENVOKX: 'sandbox', BITGETENV: 'demo' });
  assert.deepEqual(sandboxVenues, ['okx', 'bitget']);
  for (const venue of sandboxVenues) assert.ok(venueNamed(venue)?.accountFeed, venue);
});
