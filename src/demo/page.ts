import type { Meter, Log } from '../domain/telemetry';
import type { ProcessStatus } from '../domain/status';
import type { Clock } from '../domain/time';
import type { HealthServer } from '../ops/health';
import { startHealthServer } from '../ops/health';

export interface DemoPageDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly meter: Meter;
  report(): Promise<ProcessStatus>;
  /** Prometheus text. */
  metrics(): Promise<string>;
}

/** The live page of the demo, on a free port of this machine only. */
export function startDemoPage({ report, ...deps }: DemoPageDeps): Promise<HealthServer> {
  return startHealthServer({
    ...deps,
    host: '127.0.0.1',
    port: 0,
    page: { report },
    status: () => ({ isReady: true, reasons: [], detail: {} }),
  });
}
