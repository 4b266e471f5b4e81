/** What operators are given names only what really exists: docs, dashboard, alerts, runbooks. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { format, resolveConfig } from 'prettier';
import { METRICS } from '../domain/metric-names';
import { metricsGuide } from './metrics-guide';
import { createMeter } from './metrics';

const GUIDE = 'docs/metrics.md';
const RUNBOOK = readFileSync('docs/monitoring.md', 'utf8');
const ALERTS = readFileSync('ops/prometheus/alerts.yml', 'utf8');

interface Metric {
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
  readonly buckets?: readonly number[];
}

const metrics: readonly (readonly [string, Metric])[] = Object.entries(METRICS);

test('docs/metrics.md is the catalogue', async () => {
  const options = await resolveConfig(GUIDE);
  const expected = await format(metricsGuide(), { ...options, parser: 'markdown' });
  if (process.env['UPDATE_REFERENCE']) writeFileSync(GUIDE, expected);
  assert.equal(readFileSync(GUIDE, 'utf8'), expected, `${GUIDE} is not up to date: set UPDATE_REFERENCE=1`);
});

describe('the conventions of Prometheus', () => {
  /** Whatever has no bound (symbols, rooms, users, hosts of venues' choosing) is no label. */
  const BOUNDED = [
    'exchange',
    'channel',
    'outcome',
    'reason',
    'state',
    'door',
    'kind',
    'target',
    'queue',
    'venue',
    'source',
    'cause',
  ];
  for (const [name, { type, help, labels, buckets }] of metrics) {
    test(name, () => {
      assert.match(name, /^connector_[a-z]+(_[a-z]+)*$/);
      assert.equal(name.endsWith('_total'), type === 'counter');
      if (type === 'histogram') assert.match(name, /_(seconds|bytes)$/);
      assert.doesNotMatch(name, /_(ms|millis|milliseconds|kb|mb)(_|$)/);
      assert.ok(help.length > 10);
      assert.deepEqual(
        labels.filter((label) => !BOUNDED.includes(label)),
        [],
      );
      assert.deepEqual(
        buckets ?? [],
        [...(buckets ?? [])].sort((a, b) => a - b),
      );
    });
  }
});

const OF_THE_SCRAPE = ['instance', 'job'];
const known: ReadonlyMap<string, Metric> = new Map(metrics);

/** Names and labels that an expression uses, against those that exist. */
function problemsOf(expression: string, standard: ReadonlySet<string>): readonly string[] {
  // Words within quotes are values.
  const bare = expression.replaceAll(/"[^"]*"/g, '""');
  const used = [...bare.matchAll(/\b((?:connector|process|nodejs)_[a-z_]+)(?:\{([^}]*)\})?/g)];
  const isEmpty = used.length === 0 && !/\bup\{/.test(bare);
  const names = used.map(([, name = '']) => name);
  return [
    ...(isEmpty ? [`no metric in ${expression}`] : []),
    ...names.filter((name) => !metricOf(name) && !standard.has(name)).map((name) => `no metric ${name}`),
    ...used.flatMap(([, name = '', selector = '']) => selectorProblems(name, selector)),
    ...groupProblems(bare, names),
  ];
}

function metricOf(written: string): Metric | undefined {
  const base = known.get(written.replace(/_(bucket|sum|count)$/, ''));
  return known.get(written) ?? (base?.type === 'histogram' ? base : undefined);
}

function selectorProblems(name: string, selector: string): readonly string[] {
  const own = [...OF_THE_SCRAPE, ...(metricOf(name)?.labels ?? [])];
  return [...selector.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
    .map(([, label = '']) => label)
    .filter((label) => !own.includes(label))
    .map((label) => `${name} has no label ${label}`);
}

function groupProblems(bare: string, names: readonly string[]): readonly string[] {
  const labels = ['le', ...OF_THE_SCRAPE, ...names.flatMap((name) => metricOf(name)?.labels ?? [])];
  return [...bare.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)]
    .flatMap(([, list = '']) => list.split(',').map((one) => one.trim()))
    .filter((label) => !labels.includes(label))
    .map((label) => `no label ${label} in ${bare}`);
}

async function standardMetrics(): Promise<ReadonlySet<string>> {
  const text = await createMeter({ defaultMetrics: true }).text();
  return new Set([...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name = '']) => name));
}

test('the checker sees what is wrong', () => {
  const none = new Set<string>();
  assert.deepEqual(problemsOf('rate(connector_frames_total{exchange="x"}[5m])', none), []);
  assert.deepEqual(problemsOf('connector_framez_total', none), ['no metric connector_framez_total']);
  assert.deepEqual(problemsOf('connector_frames_total_bucket', none), [
    'no metric connector_frames_total_bucket',
  ]);
  assert.deepEqual(problemsOf('connector_frames_total{symbol="x"}', none), [
    'connector_frames_total has no label symbol',
  ]);
  assert.equal(problemsOf('sum by (room) (connector_frames_total)', none).length, 1);
  assert.equal(problemsOf('sum(frames)', none).length, 1);
});

test('the dashboard names only what exists, and its panels do not overlap', async () => {
  interface Panel {
    readonly id: number;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string }[];
  }
  const { panels } = JSON.parse(readFileSync('ops/grafana/dashboard.json', 'utf8')) as {
    panels: readonly Panel[];
  };
  const standard = await standardMetrics();
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length > 20);
  assert.deepEqual(
    expressions.flatMap((expression) => problemsOf(expression, standard)),
    [],
  );
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, cell) => `${x + (cell % w)},${y + Math.floor(cell / w)}`),
  );
  assert.equal(new Set(cells).size, cells.length);
});

test('alerts name only what exists, and each has a runbook', async () => {
  const standard = await standardMetrics();
  const blocks = ALERTS.split(/^ {6}- alert: /m).slice(1);
  assert.ok(blocks.length > 15);
  for (const block of blocks) {
    const name = /^(\w+)$/m.exec(block)?.[1] ?? '';
    const expression = /^ +expr: '(.*)'$/m.exec(block)?.[1] ?? '';
    assert.deepEqual(problemsOf(expression, standard), [], name);
    assert.match(block, /^ +severity: (critical|warning|info)$/m, name);
    assert.match(block, /^ +for: \d+m$/m, name);
    assert.match(block, /^ +summary: '.{10,}'$/m, name);
    assert.ok(block.includes(`runbook: docs/monitoring.md#${name.toLowerCase()}\n`), name);
    const section = RUNBOOK.split(`\n### ${name}\n`)[1]?.split(/\n##/)[0] ?? '';
    assert.ok(section.length > 100, `${name} has no runbook`);
  }
  const described = [...RUNBOOK.matchAll(/^### (Connector\w+)$/gm)].map(([, name]) => name);
  assert.deepEqual(described.sort(), blocks.map((block) => block.split('\n', 1)[0]).sort());
});
