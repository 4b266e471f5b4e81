import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'dotenv';
import { format, resolveConfig } from 'prettier';
import { loadConfig } from '.';
import { configurationGuide, environmentSample } from './reference';
import { VARIABLES } from './variables';

const SAMPLE = '.env.sample';
const GUIDE = 'docs/configuration.md';

/** Both files are written from the table: `UPDATE_REFERENCE=1` writes them anew. */
async function check(path: string, expected: string): Promise<void> {
  if (process.env['UPDATE_REFERENCE']) writeFileSync(path, expected);
  assert.equal(readFileSync(path, 'utf8'), expected, `${path} is not up to date: set UPDATE_REFERENCE=1`);
}

test('.env.sample is the table', () => check(SAMPLE, environmentSample()));

test('docs/configuration.md is the table', async () => {
  const options = await resolveConfig(GUIDE);
  await check(GUIDE, await format(configurationGuide(), { ...options, parser: 'markdown' }));
});

test('.env.sample shows every variable with meaning, unit and default', () => {
  const sample = environmentSample();
  for (const [name, { meaning, unit, fallback, fallbackNote, isSecret }] of VARIABLES) {
    const block = sample.split('\n\n').find((part) => new RegExp(`^#? ?${name}=`, 'm').test(part));
    assert.ok(block, name);
    assert.ok(block.includes(meaning), name);
    if (unit !== undefined) assert.ok(block.includes(`unit: ${unit}`), name);
    const preset = fallbackNote ?? fallback;
    if (preset !== '') assert.ok(block.includes(`default: ${preset}`), name);
    if (isSecret) assert.ok(block.includes(`${name}_FILE`), name);
  }
});

test('the sample is a working .env once the required is filled in, and with every line active', () => {
  const { RABBIT_PASSWORD, ...rest } = parse(environmentSample());
  assert.equal(RABBIT_PASSWORD, '');
  assert.deepEqual(rest, {});
  const everyLine = parse(environmentSample().replaceAll(/^# (?=[A-Z_]+=)/gm, ''));
  assert.deepEqual(Object.keys(everyLine).sort(), [...VARIABLES.keys()].sort());
  const files = { REDIS_CA_FILE: '', RABBIT_CA_FILE: '' };
  const config = loadConfig({ ...everyLine, ...files, RABBIT_PASSWORD: 'x' });
  assert.equal(config.endpoints.length, 1);
});
