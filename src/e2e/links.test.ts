/** Every relative link of the documentation leads to a file, and every heading that one names exists. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(__dirname, '../..');
const LINK = /\]\(([^)\s]+)(?: ["'][^)]*["'])?\)/g;

const pages = ['README.md', 'CHANGELOG.md', ...readdirSync(join(ROOT, 'docs')).map((name) => `docs/${name}`)]
  .filter((name) => name.endsWith('.md'))
  .map((name) => join(ROOT, name));

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replace(/ /g, '-');
}

function anchorsOf(path: string): ReadonlySet<string> {
  const headings = readFileSync(path, 'utf8').match(/^#+ .+$/gm) ?? [];
  return new Set(headings.map((line) => anchorOf(line.replace(/^#+ /, ''))));
}

describe('links of the documentation', () => {
  for (const page of pages) {
    test(relative(ROOT, page), () => {
      for (const [, link = ''] of readFileSync(page, 'utf8').matchAll(LINK)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [path = '', anchor] = link.split('#', 2);
        const file = path === '' ? page : resolve(dirname(page), path);
        assert.ok(existsSync(file), `${link} leads nowhere`);
        if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${link}: no such heading`);
      }
    });
  }
});
