import { describeConfig, loadConfig, readEnvironment } from './config';
import { systemClock } from './ops/clock';
import type { Readiness } from './ops/health';
import { startHealthServer } from './ops/health';
import { flightRecorder } from './ops/flight-recorder';
import { createLog } from './ops/logger';
import { MeterTally } from './ops/meter-tally';
import { createMeter } from './ops/metrics';
import { recordOnRequest } from './ops/record-on-request';
import { createShutdown } from './ops/shutdown';
import Connector from './userStream';

async function main(): Promise<void> {
  const config = loadConfig(readEnvironment());
  const clock = systemClock;
  const log = createLog(config.log);
  const meter = createMeter();
  const tally = new MeterTally(meter, clock);
  const recorder = flightRecorder(config.flightRecorder, { log, meter: tally, clock });
  const shutdown = createShutdown({ log, clock, timeoutMs: config.shutdownTimeoutMs, exit: process.exit });
  shutdown.listen();
  log.info({ config: describeConfig(config) }, 'user stream connector starts');
  for (const warning of config.warnings) log.warn({}, warning);

  const telemetry = { log, meter: tally, ...(recorder && { recorder }) };
  const connector = new Connector({ config, clock, telemetry });
  // First thing: the container's probe asks before Redis and RabbitMQ are there.
  const health = await startHealthServer({
    ...config.health,
    log,
    clock,
    meter: tally,
    ...(config.status.token !== undefined && { token: config.status.token }),
    ...(config.status.hasPage && {
      page: {
        report: () => Promise.resolve(connector.report(tally)),
        streams: () => connector.streams(),
        stream: (room: string) => connector.stream(room),
      },
    }),
    status: () => readiness(connector),
    metrics: () => meter.text(),
  });
  const record = (): Promise<readonly string[]> => recorder?.dumpAll('requested') ?? Promise.resolve([]);
  recordOnRequest({ log, isOn: recorder !== undefined, record });
  shutdown.register('user streams', 1, () => connector.stop());
  shutdown.register('health server', 2, () => health.close());
  await connector.started;
}

function readiness(connector: Connector): Readiness {
  const { brokerReady, storeReady, rooms } = connector.status();
  const reasons = [
    ...(brokerReady ? [] : ['RabbitMQ is not connected']),
    ...(storeReady ? [] : ['Redis is not connected']),
  ];
  return { isReady: reasons.length === 0, reasons, detail: { streams: Object.keys(rooms).length } };
}

main().catch((error: unknown) => {
  // Before the log exists, e.g. a configuration with problems: a person is reading.
  process.stderr.write(`${error instanceof Error ? error.message : 'start failed'}\n`);
  process.exit(1);
});
