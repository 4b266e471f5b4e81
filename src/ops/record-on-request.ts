import type { EventEmitter } from 'node:events';
import { errorText } from '../domain/errors';
import type { Log } from '../domain/telemetry';

export interface RecordOnRequest {
  readonly log: Log;
  /** Whether anything is recorded at all. */
  readonly isOn: boolean;
  /** Writes the recordings; resolves with the files. */
  record(): Promise<readonly string[]>;
  /** Default: the process. */
  readonly events?: EventEmitter;
}

/** SIGUSR2: the last frames of every connection are written down. A signal that comes meanwhile is the same wish. */
export function recordOnRequest({ log, isOn, record, events = process }: RecordOnRequest): void {
  let isBusy = false;
  events.on('SIGUSR2', () => {
    if (!isOn) return log.warn({}, 'nothing is recorded: FLIGHT_RECORDER_DIR is not set');
    if (isBusy) return;
    isBusy = true;
    record()
      .then(
        (files) => log.info({ files }, 'recordings written on request'),
        (error: unknown) => log.error({ error: errorText(error) }, 'recordings not written'),
      )
      .finally(() => (isBusy = false));
  });
}
