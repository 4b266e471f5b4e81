import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Config } from '../config';
import type { Log } from '../domain/telemetry';
import { errorText } from '../domain/errors';
import type { FromWorker, ToWorker } from './messages';
import type { SupervisorDeps } from './supervisor';

/** `servers`: RabbitMQ and Redis. `embedded`: in-process stand-ins, for the demo only. */
export type DoorKind = 'servers' | 'embedded';

export interface WorkerStart {
  readonly venue: string;
  readonly config: Config;
  readonly doors: DoorKind;
}

const EXTENSION = extname(__filename);

/** Spawns a venue's thread. Beside this file stands `worker.js`, or `worker.ts` under a TypeScript loader. */
export function threadSpawner(config: Config, doors: DoorKind, log: Log): SupervisorDeps['spawn'] {
  return (venue, listener) => {
    const start: WorkerStart = { venue, config, doors };
    const worker = new Worker(join(__dirname, `worker${EXTENSION}`), {
      workerData: start,
      name: `price-${venue}`,
      // Threads do not inherit the loader under which sources run in development and tests.
      ...(EXTENSION === '.ts' && { execArgv: ['--require', 'tsx/cjs'] }),
    });
    let reason = 'exit';
    worker.on('message', (message: FromWorker) => listener.onMessage(message));
    worker.on('error', (error) => {
      reason = 'error';
      log.error({ venue, error }, `uncaught in worker: ${errorText(error)}`);
    });
    worker.on('exit', (code) => listener.onExit(code === 0 ? 'exit' : reason));
    return {
      post: (message: ToWorker) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  };
}
