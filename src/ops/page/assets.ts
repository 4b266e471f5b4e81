import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: string;
}

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  mjs: 'text/javascript; charset=utf-8',
};
const FOLDER = join(__dirname, 'client');
const NAMES = [
  'page.css',
  'main.mjs',
  'feed.mjs',
  'dom.mjs',
  'text.mjs',
  'chart.mjs',
  'overview.mjs',
  'detail.mjs',
  'stream.mjs',
];

/** The page's own files, read once: nothing outside this list can be asked for. */
export function loadAssets(): { readonly shell: Asset; readonly files: ReadonlyMap<string, Asset> } {
  const read = (name: string, type: string): Asset => ({
    type,
    body: readFileSync(join(FOLDER, name), 'utf8'),
  });
  return {
    shell: read('index.html', TYPES.html),
    files: new Map(
      NAMES.map((name) => [`/assets/${name}`, read(name, name.endsWith('.css') ? TYPES.css : TYPES.mjs)]),
    ),
  };
}
