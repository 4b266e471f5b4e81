/** docs/accounts.md against the registered markets, the frames and the tests that it names. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import type { AccountEvent } from '../domain/account';
import { paperTwin } from '../domain/exchange';
import { recordedFor } from '../testing/account-recordings';
import type { MarketDescriptor, Rate } from '../venues/contract';
import { accountMarkets, allVenues } from '../venues/registry';

const DOCS = join(__dirname, '../../docs');
const page = readFileSync(join(DOCS, 'accounts.md'), 'utf8');
const marketOf = accountMarkets('ws://paper');

const served = allVenues()
  .flatMap(({ descriptor }) => descriptor.markets.map(({ exchange }) => exchange))
  .flatMap((exchange) => [exchange, paperTwin(exchange)])
  .map((exchange) => marketOf(exchange)?.market)
  .filter((market): market is MarketDescriptor => market?.links.account !== undefined);

/** Rows of the table below this head, as texts of their cells. */
function rowsBelow(firstHead: string): readonly (readonly string[])[] {
  const lines = page.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${firstHead} `));
  assert.ok(head >= 0, firstHead);
  const rest = lines.slice(head + 2);
  const end = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, end).map((line) =>
    line
      .slice(1, -1)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
}

const idsOf = (cell = ''): readonly string[] => [...cell.matchAll(/`(\w+)`/g)].map(([, id = '']) => id);

const LINK = /^\[[^\]]+\]\((\S+?)(?: ["'](.+)["'])?\)$/;
const NOTHING = ['not told', 'none (spot)'];

type Holds = (event: AccountEvent) => boolean;
const isLiquidation: Holds = (event) => event.kind === 'order' && event.report.liquidation === true;
const COLUMNS: readonly (readonly [name: string, holds: Holds | undefined])[] = [
  ['orders', ({ kind }) => kind === 'order'],
  ['balances', ({ kind }) => kind === 'balances' || kind === 'balanceDelta'],
  ['positions', (event) => event.kind === 'balances' && (event.wire?.positions.length ?? 0) > 0],
  ['liquidation', isLiquidation],
  ['after a gap', undefined],
];

describe('docs/accounts.md: what each market tells', () => {
  const rows = rowsBelow('Exchange');

  test('every registered market with account streams has one row', () => {
    const named = rows.map(([first]) => idsOf(first));
    assert.deepEqual(named.flat().sort(), served.map(({ exchange }) => exchange).sort());
    for (const ids of named) assert.equal(ids.length, 1);
  });

  for (const [first, ...cells] of rows) {
    const [exchange = ''] = idsOf(first);
    for (const [at, [column, holds]] of COLUMNS.entries()) {
      test(`${exchange}, ${column}: proven`, () => assertProven(exchange, cells[at] ?? '', holds));
    }
  }

  function assertProven(exchange: string, cell: string, holds: Holds | undefined): void {
    if (NOTHING.includes(cell)) {
      assert.ok(holds, 'what happens after a gap is always told');
      const isSpot = marketOf(exchange)?.market.kind === 'spot';
      assert.equal(cell === 'none (spot)', isSpot, cell);
      return;
    }
    const [, path = '', title] = LINK.exec(cell) ?? [];
    assert.ok(path, `no link: ${cell}`);
    const file = resolve(DOCS, path);
    if (path.endsWith('.json')) {
      assert.ok(holds, 'a frame proves nothing of REST');
      assert.ok(recordedFor(exchange, file).some(holds), `${path} does not tell it`);
    } else {
      assert.ok(path.endsWith('.test.ts') && title, `neither a frame nor a test: ${path}`);
      assert.ok(readFileSync(file, 'utf8').includes(title), `${path} has no test "${title}"`);
    }
  }
});

describe('docs/accounts.md: limits', () => {
  const UNITS = [
    [3_600_000, 'h'],
    [60_000, 'min'],
    [1_000, 's'],
  ] as const;

  function timeOf(ms: number): string {
    const [size, name] = UNITS.find(([size]) => ms >= size) ?? UNITS[2];
    return `${ms / size} ${name}`;
  }
  const ratesOf = (rates: readonly Rate[] = []): string =>
    rates.map(({ count, perMs }) => `${count} in ${timeOf(perMs)}`).join(', ');

  function expectedOf({ links, accountRest }: MarketDescriptor): readonly string[] {
    const { account } = links;
    assert.ok(account);
    const hours = account.rotateAfterMs?.map((ms) => ms / 3_600_000);
    return [
      ratesOf(account.dials),
      ratesOf(accountRest?.perIp),
      ratesOf(accountRest?.perAccount),
      hours ? `${hours.join(' to ')} h` : 'never',
      `${account.frameBytes / 1_048_576} MiB`,
    ];
  }

  const rows = rowsBelow('Exchanges');
  for (const market of served) {
    const { exchange } = market;
    test(`${exchange}: as in its descriptor`, () => {
      const named = exchange.startsWith('paper') ? 'paperBinance' : exchange;
      const [, ...cells] = rows.find(([first]) => idsOf(first).includes(named)) ?? [];
      assert.deepEqual(cells, expectedOf(market));
    });
  }
});
