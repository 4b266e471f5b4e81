import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';

export interface Asset {
  readonly type: string;
  readonly body: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};
const FOLDER = join(__dirname, 'client');
const SHELL = 'index.html';

/** The page's own files, read once at the start: nothing outside this list can be asked for. */
export function loadAssets(): { readonly shell: Asset; readonly files: ReadonlyMap<string, Asset> } {
  const names = readdirSync(FOLDER).filter((name) => name !== SHELL && extname(name) in TYPES);
  return { shell: read(SHELL), files: new Map(names.map((name) => [`/assets/${name}`, read(name)])) };
}

function read(name: string): Asset {
  return { type: TYPES[extname(name)] ?? '', body: readFileSync(join(FOLDER, name), 'utf8') };
}
