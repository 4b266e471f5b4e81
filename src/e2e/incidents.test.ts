/** docs/incidents.md names a test for each incident: that test must exist. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const ROOT = join(__dirname, '../..');
const ROW = /\| `(src\/[\w./-]+\.test\.ts)`: (.+?) +\|$/gm;

test('every incident names a test that exists', () => {
  const page = readFileSync(join(ROOT, 'docs/incidents.md'), 'utf8');
  const rows = [...page.matchAll(ROW)];
  assert.equal(rows.length, page.split('\n').filter((line) => line.startsWith('| ')).length - 2);
  for (const [, file = '', title = ''] of rows) {
    const text = readFileSync(join(ROOT, file), 'utf8');
    assert.ok(text.includes(title), `${file} has no test "${title}"`);
  }
});
