import { METRICS } from '../domain/metric-names';

/** Content of docs/metrics.md before formatting, written from the table that the exporter uses. */
export function metricsGuide(): string {
  const rows = Object.entries(METRICS).map(([name, { type, help, labels, ...rest }]) => {
    const buckets = 'buckets' in rest ? boundsOf(rest.buckets) : '';
    const shown = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${shown} | ${help.replaceAll('|', '\\|')}${buckets} |`;
  });
  return `${INTRODUCTION}\n| Metric | Type | Labels | Meaning |\n|---|---|---|---|\n${rows.join('\n')}\n`;
}

const INTRODUCTION = `# Metrics

\`GET /metrics\` of the health server, in Prometheus text format. Written from \`src/domain/metric-names.ts\`: the exporter knows no other metric.

- Units stand in the names (\`_seconds\`, \`_bytes\`); counters end in \`_total\` and count since the start of the process, over all its worker threads, also those that died.
- Labels are bounded: never a symbol, a room, a user or a key. \`exchange\` is a published exchange id (\`binanceUsdm\`), \`venue\` a family of them (\`binance\`), \`channel\` is \`ticker\`, \`candle\` or \`account\`, \`door\` is \`rabbit\` or \`redis\`, \`target\` a connection to RabbitMQ or Redis.
- The way of an event in time: \`connector_venue_latency_seconds\` (venue to receipt), \`connector_decode_seconds\`, \`connector_publish_latency_seconds\` (receipt to door), \`connector_confirm_latency_seconds\` (outbox to the broker's confirm). Latencies of market data are sampled.
- The standard metrics of Node and of the process (\`process_*\`, \`nodejs_*\`) stand beside them.

Dashboard: [ops/grafana/dashboard.json](../ops/grafana/dashboard.json). Alerts: [ops/prometheus/alerts.yml](../ops/prometheus/alerts.yml), explained in [monitoring.md](monitoring.md).
`;

function boundsOf(buckets: readonly number[]): string {
  const [first, last] = [buckets[0], buckets.at(-1)];
  return ` (${buckets.length} buckets from ${first} to ${last})`;
}
