import { describeConfig, loadConfig, readEnvironment } from './config';
import { systemClock } from './ops/clock';
import type { Readiness } from './ops/health';
import { startHealthServer } from './ops/health';
import { createLog } from './ops/logger';
import { MeterTally } from './ops/meter-tally';
import { aggregate, createMeter } from './ops/metrics';
import { recordOnRequest } from './ops/record-on-request';
import { createShutdown } from './ops/shutdown';
import PriceConnector from './priceConnector';

async function main(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const clock = systemClock;
  const log = createLog(config.log);
  const meter = createMeter();
  const tally = new MeterTally(meter, clock);
  const shutdown = createShutdown({ log, clock, timeoutMs: config.shutdownTimeoutMs, exit: process.exit });
  shutdown.listen();
  log.info({ config: describeConfig(config) }, 'price connector starts');
  for (const warning of config.warnings) log.warn({}, warning);

  const connector = new PriceConnector({ config, clock, telemetry: { log, meter: tally } });
  // First thing: the container's probe asks before Redis and RabbitMQ are there.
  const health = await startHealthServer({
    ...config.health,
    log,
    clock,
    meter: tally,
    ...(config.status.token !== undefined && { token: config.status.token }),
    ...(config.status.hasPage && { page: { report: () => connector.report(tally) } }),
    status: () => readiness(connector),
    metrics: async () => aggregate([await meter.snapshot(), ...(await connector.metrics())]),
  });
  const isOn = config.flightRecorder !== undefined;
  recordOnRequest({ log, isOn, record: () => connector.record() });
  shutdown.register('price connector', 1, () => connector.stop());
  shutdown.register('health server', 2, () => health.close());
  await connector.init();
}

function readiness(connector: PriceConnector): Readiness {
  const { brokerReady, storeReady, workers } = connector.status();
  const reasons = [
    ...(brokerReady ? [] : ['RabbitMQ is not connected']),
    ...(storeReady ? [] : ['Redis is not connected']),
    ...Object.entries(workers).flatMap(([venue, state]) =>
      state === 'waiting' ? [`the ${venue} worker is being restarted`] : [],
    ),
  ];
  return { isReady: reasons.length === 0, reasons, detail: { workers } };
}

main().catch((error: unknown) => {
  // Before the log exists, e.g. a configuration with problems: a person is reading.
  process.stderr.write(`${error instanceof Error ? error.message : 'start failed'}\n`);
  process.exit(1);
});
