/** docs/accounts.md: every market with account streams is in it, and every file that it names exists. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { allVenues } from '../venues/registry';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/accounts.md'), 'utf8');

test('every market with account streams has its row', () => {
  const rows = new Set([...page.matchAll(/^\| `(\w+)` /gm)].map(([, exchange]) => exchange));
  const markets = allVenues().flatMap(({ descriptor }) => descriptor.markets);
  const served = markets.filter(({ links }) => links.account).map(({ exchange }) => exchange);
  assert.ok(served.length >= 17);
  assert.deepEqual([...rows].sort(), [...served].sort());
});

test('every file that it names exists', () => {
  const files = [...page.matchAll(/`([\w./-]+\.(?:json|test\.ts))`/g)].map(([, file = '']) => file);
  assert.ok(files.length > 40);
  for (const file of files) assert.ok(existsSync(join(ROOT, 'src', file)), file);
});
