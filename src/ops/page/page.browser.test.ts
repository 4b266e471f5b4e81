/** The live page in a real browser, before real processes: simulated venues, RabbitMQ and Redis behind breakable proxies. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { RabbitBroker } from '../../bus/rabbit';
import { loadConfig } from '../../config';
import PriceConnector from '../../priceConnector';
import { threadSpawner } from '../../priceConnector/thread';
import type { Simulator } from '../../simulator';
import { startSimulator } from '../../simulator';
import { MemoryStore } from '../../store/memory';
import { openBrowser, openTab, screenshots } from '../../testing/browser';
import { RecordedTelemetry } from '../../testing/recorded-telemetry';
import { rabbitService, redisService, until } from '../../testing/services';
import { TcpProxy } from '../../testing/tcp-proxy';
import Connector from '../../userStream';
import { systemClock } from '../clock';
import type { HealthServer } from '../health';
import { startHealthServer } from '../health';
import { MeterTally } from '../meter-tally';
import { createMeter } from '../metrics';
import type { PageOptions } from './page';

const SECRET = 'pAge-sEcReT-41d0';
const TOKEN = 'a-token-of-the-test';
const OKX = 'wss://ws.okx.com';

describe('status page in a browser', { timeout: 300_000 }, () => {
  const [spot, futures, wrong] = [randomUUID(), randomUUID(), randomUUID()];
  const telemetry = new RecordedTelemetry();
  const meter = createMeter({ defaultMetrics: false });
  const stops: (() => Promise<unknown>)[] = [];
  let browser: Browser;
  let simulator: Simulator;
  let rabbitProxy: TcpProxy;
  let connector: Connector;
  let priceUrl: string;
  let userUrl: string;

  async function serve(page: PageOptions, token?: string): Promise<string> {
    const server: HealthServer = await startHealthServer({
      port: 0,
      host: '127.0.0.1',
      log: telemetry.log,
      clock: systemClock,
      meter,
      status: () => ({ isReady: true, reasons: [], detail: {} }),
      metrics: () => meter.text(),
      page,
      ...(token !== undefined && { token }),
    });
    stops.unshift(() => server.close());
    return `http://127.0.0.1:${server.port}`;
  }

  before(async () => {
    browser = await openBrowser();
    simulator = await startSimulator({ venues: ['binance', 'bybit', 'kucoin', 'okx'], symbols: 20 });
    rabbitProxy = await TcpProxy.start(rabbitService);
    const config = loadConfig({
      INSTANCE_ID: 'page-test',
      REDIS_HOST: redisService.host,
      REDIS_PORT: String(redisService.port),
      RABBIT_HOST: rabbitProxy.host,
      RABBIT_PORT: String(rabbitProxy.port),
      RABBIT_USER: rabbitService.user,
      RABBIT_PASSWORD: rabbitService.password,
      EXCHANGE_SERVICE_API_URL: '',
      // Other tests on the same servers count what binance tells.
      PRICE_CONNECTOR_EXCHANGES: 'bybit,kucoin,okx',
      VENUE_ENDPOINTS: simulator.overrides(),
      LOG_LEVEL: 'silent',
    });
    const tally = new MeterTally(meter, systemClock);
    const told = { log: telemetry.log, meter: tally };
    /** Takes nothing in: what other tests ask for on the same queues is theirs. Their notices are, too: no Redis. */
    const broker = (): RabbitBroker => {
      const ports = { clock: systemClock, random: Math.random, telemetry: told };
      const one = new RabbitBroker({ ...config.rabbit, instanceId: config.instanceId }, ports);
      one.consume = () => Promise.resolve();
      return one;
    };
    const price = new PriceConnector({
      config,
      telemetry: told,
      spawn: threadSpawner(config, 'servers', telemetry.log),
      doors: { broker: broker(), store: new MemoryStore(systemClock) },
    });
    await price.init();
    for (const [exchange, symbol] of [
      ['bybit', 'BTCUSDT'],
      ['kucoin', 'BTC-USDT'],
      ['okx', 'BTC-USDT'],
    ] as const) {
      price.subscribeCandle({ exchange, symbol, interval: '1m' });
    }
    connector = new Connector({
      config,
      telemetry: told,
      broker: broker(),
      store: new MemoryStore(systemClock),
    });
    await connector.started;
    stops.push(
      () => price.stop(),
      () => connector.stop(),
    );
    priceUrl = await serve({ report: () => price.report(tally) });
    const userPage = {
      report: () => Promise.resolve(connector.report(tally)),
      streams: () => connector.streams(),
      stream: (room: string) => connector.stream(room),
    };
    userUrl = await serve(userPage, TOKEN);
  });

  after(async () => {
    await browser.close();
    for (const stop of stops) await stop();
    await simulator.close();
    await rabbitProxy.close();
  });

  const head = (page: Page) => page.locator('header .badge');
  const row = (page: Page, exchange: string) =>
    page.locator('.markets tr.row').filter({ has: page.locator(`button:text-is("${exchange}")`) });

  test('all well: every market lives, by itself, without a reload', async () => {
    const { page, problems } = await openTab(browser, priceUrl);
    await page.goto(priceUrl);
    await page.locator('header .badge.ok').waitFor();
    for (const exchange of ['bybit', 'kucoin', 'okx']) {
      await row(page, exchange).locator('.badge.ok').waitFor();
      await row(page, exchange).locator('td.rate .number:not(:text-is("0"))').waitFor();
    }
    const updated = page.locator('header .updated');
    const first = await updated.textContent();
    await until(
      'a later look',
      async () => (await updated.textContent())?.slice(0, 8) !== first?.slice(0, 8),
    );
    await page.locator('.markets tr.row td.age', { hasText: '/' }).first().waitFor();
    assert.deepEqual(await screenshots(page, 'all-well'), []);
    await row(page, 'bybit').locator('button').click();
    await page.locator('.detail:visible .block', { hasText: 'Dial budget' }).waitFor();
    assert.match((await page.locator('.detail:visible').textContent()) ?? '', /stream\.bybit\.com/);
    assert.deepEqual(await screenshots(page, 'market-open'), []);
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  test('a venue goes down, and comes back: its gaps are told, the others stay well', async () => {
    const { page, problems } = await openTab(browser, priceUrl);
    await page.goto(priceUrl);
    await row(page, 'okx').locator('.badge.ok').waitFor();
    simulator.faults.set({ dial: { status: 503 } }, { origin: OKX });
    simulator.drop({ origin: OKX, code: 1012 });
    await row(page, 'okx').locator('.badge.bad').waitFor();
    await page.locator('.problems li', { hasText: 'http_503' }).first().waitFor();
    assert.equal(await head(page).getAttribute('class'), 'badge bad');
    assert.equal(await row(page, 'kucoin').locator('td.state .badge').getAttribute('class'), 'badge ok');
    await row(page, 'okx').locator('button').click();
    assert.deepEqual(await screenshots(page, 'venue-down'), []);
    simulator.faults.clear();
    await row(page, 'okx').locator('.badge.ok').waitFor({ timeout: 90_000 });
    await page.locator('.detail:visible', { hasText: 'newest values' }).waitFor();
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  test('the broker goes down: told as such, with what waits for it', async () => {
    const { page, problems } = await openTab(browser, priceUrl);
    await page.goto(priceUrl);
    await rabbitProxy.refuse();
    await page.locator('.problems li', { hasText: 'RabbitMQ' }).waitFor();
    await page.locator('.card', { hasText: 'RabbitMQ' }).locator('.badge.bad').waitFor();
    assert.deepEqual(await screenshots(page, 'broker-down'), []);
    await rabbitProxy.accept();
    await page.locator('.card', { hasText: 'RabbitMQ' }).locator('.badge.ok').waitFor();
    assert.deepEqual(problems, []);
    await page.context().close();
  });

  test('account streams: behind the token, with the reason of each', async () => {
    const open = (uuid: string, provider: string, secret: string): void => {
      const api = { key: `${SECRET}-${provider}`, secret, passphrase: '', provider };
      connector.openStream({ userId: 'u1', api }, uuid);
    };
    const [account] = ['binance', 'binanceUsdm'].map((exchange) =>
      simulator.accounts.addAccount({ exchange, key: `${SECRET}-${exchange}`, secret: SECRET }),
    );
    open(spot, 'binance', SECRET);
    open(futures, 'binanceUsdm', SECRET);
    open(wrong, 'binance', 'another-secret');
    const { page, problems } = await openTab(browser, userUrl);
    await page.goto(userUrl);
    await page.getByLabel('Token').fill('a-wrong-token-of-16');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.getByRole('alert').waitFor();
    await page.getByLabel('Token').fill(TOKEN);
    await page.getByRole('button', { name: 'Show' }).click();
    await page.locator('.streams tr.row', { hasText: spot }).locator('.badge.ok').waitFor();
    await page
      .locator('.streams tr.row', { hasText: wrong })
      .locator('.badge.bad')
      .waitFor({ timeout: 60_000 });
    assert.ok(!page.url().includes(TOKEN));
    assert.deepEqual(await screenshots(page, 'streams'), []);
    // The browser itself notes every 401.
    assert.deepEqual(
      problems.filter((problem) => !problem.includes('401')),
      [],
    );
    await page.getByRole('link', { name: wrong }).click();
    await page.locator('.findings', { hasText: 'does not accept the key' }).waitFor();
    assert.deepEqual(await screenshots(page, 'stream-refused'), []);
    await page.goto(`${userUrl}/streams/${spot}`);
    await page.locator('.findings', { hasText: 'live, logged in and subscribed' }).waitFor();
    account!.setBalance('USDT', '100000');
    const order = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', price: '30000', quantity: '0.3' } as const;
    const placed = account!.place({
      ...order,
      clientOrderId: 'D-TP-1',
      assets: { base: 'BTC', quote: 'USDT' },
    });
    account!.fill(placed.orderId, '0.3');
    await page.locator('.findings', { hasText: /[2-9] confirmed by RabbitMQ/ }).waitFor();
    await page.locator('tr', { hasText: 'heard' }).first().waitFor();
    assert.deepEqual(await screenshots(page, 'stream-well'), []);
    await page.goto(`${userUrl}/streams/${randomUUID()}`);
    await page.locator('.findings', { hasText: 'no such stream' }).waitFor();
    await page.context().close();
  });

  test('no secret is to be had from any of it', async () => {
    const paths = [
      '/health',
      '/ready',
      '/metrics',
      '/',
      '/api/status',
      ...[spot, futures, wrong].map((room) => `/api/streams/${room}`),
    ];
    const texts = await Promise.all(
      paths.map(async (path) => {
        const response = await fetch(userUrl + path, { headers: { authorization: `Bearer ${TOKEN}` } });
        assert.equal(response.status, 200, path);
        return response.text();
      }),
    );
    const events = await fetch(`${userUrl}/api/events`, { headers: { authorization: `Bearer ${TOKEN}` } });
    const reader = events.body!.getReader();
    texts.push(Buffer.from((await reader.read()).value!).toString());
    await reader.cancel();
    const everything = texts.join('\n') + telemetry.allText();
    assert.ok(everything.includes(wrong), 'the streams are really in it');
    for (const secret of [SECRET, 'another-secret', TOKEN]) assert.ok(!everything.includes(secret), secret);
    // A listen key of Binance has 64 letters and digits.
    assert.doesNotMatch(everything, /[A-Za-z0-9]{60,}/);
    assert.doesNotMatch(everything, /listenKey|signature=/);
  });

  test('the process ends: the page says that what it shows is old', async () => {
    const status = { role: 'price', instance: 'soon gone', at: Date.now(), venues: [] } as const;
    const door = { isReady: true, failures: 0 };
    const url = await serve({ report: () => Promise.resolve({ ...status, broker: door, store: door }) });
    const { page } = await openTab(browser, url);
    await page.goto(url);
    await page.locator('header .badge.ok').waitFor();
    await stops.shift()?.();
    await page.locator('.note', { hasText: 'what is shown is old' }).waitFor();
    await page.locator('header .badge.off', { hasText: 'unknown' }).waitFor();
    assert.equal(await page.locator('header .badge.ok').count(), 0);
    await screenshots(page, 'process-gone');
    await page.context().close();
  });

  test('words of a venue stay words', async () => {
    const evil = `<img src=x onerror="document.title='taken'"><script>document.title='taken'</script>`;
    const door = { isReady: true, failures: 0 };
    const stream = {
      room: evil,
      exchange: evil,
      state: evil,
      subscribers: 1,
      reconnects: 0,
      openedAt: Date.now(),
      published: 0,
      pausedMs: 0,
      openGaps: 0,
      outbox: { messages: 0, oldestMs: 0 },
      refusal: { code: evil, text: evil, cause: 'venue' },
    } as const;
    const detail = {
      ...stream,
      topics: [{ topic: evil, frames: 1, lastAt: Date.now() }],
      refusedTopics: [{ topic: evil, code: evil, text: evil }],
      confirm: { count: 0 },
      history: [{ at: Date.now(), what: 'lost', reason: evil }],
    } as const;
    const url = await serve({
      report: () =>
        Promise.resolve({
          role: 'user',
          instance: evil,
          at: Date.now(),
          broker: door,
          store: door,
          venues: [{ venue: evil, thread: 'waiting', restarts: 1 }],
        }),
      streams: () => [stream],
      stream: () => detail,
    });
    for (const path of ['/', `/streams/${encodeURIComponent(evil)}`]) {
      const { page, problems } = await openTab(browser, url);
      await page.goto(url + path);
      await page.getByText(evil).first().waitFor();
      assert.equal(await page.locator('main img, main script').count(), 0);
      assert.notEqual(await page.title(), 'taken');
      assert.deepEqual(problems, []);
      await page.context().close();
    }
  });
});
