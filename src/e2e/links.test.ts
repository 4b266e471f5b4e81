/** Every relative link of the documentation leads to a file; headings and tests that one names exist. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, test } from 'node:test';

const ROOT = join(__dirname, '../..');
/** `[words](path#heading)`, `[words](path 'title of a test')`. */
const LINK = /\]\(([^)\s]+)(?: ("|')(.*?)\2)?\)/g;

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
      for (const [, link = '', , title] of readFileSync(page, 'utf8').matchAll(LINK)) {
        if (/^[a-z]+:/.test(link)) continue;
        const [path = '', anchor] = link.split('#', 2);
        const file = path === '' ? page : resolve(dirname(page), path);
        assert.ok(existsSync(file), `${link} leads nowhere`);
        if (title !== undefined)
          assert.ok(readFileSync(file, 'utf8').includes(title), `${link}: no "${title}"`);
        if (anchor !== undefined) assert.ok(anchorsOf(file).has(anchor), `${link}: no such heading`);
      }
    });
  }
});
