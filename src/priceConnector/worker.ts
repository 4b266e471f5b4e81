/** Entry of a venue's worker thread: its own doors, its own feeds. */
import { parentPort, workerData } from 'node:worker_threads';
import { ConnectorError } from '../domain/errors';
import { systemClock } from '../ops/clock';
import { flightRecorder } from '../ops/flight-recorder';
import { createLog } from '../ops/logger';
import { createMeter } from '../ops/metrics';
import { MeterTally } from '../ops/meter-tally';
import { venueNamed } from '../venues/registry';
import { rewriter } from '../config';
import { PriceFamily } from './family';
import type { FromWorker, ToWorker } from './messages';
import { Mirror } from './mirror';
import { workerStatus } from './worker-status';
import { openDoors, openOutbox, priceSettings } from './wiring';
import type { WorkerStart } from './thread';

const ALIVE_MS = 5_000;

function main(port: NonNullable<typeof parentPort>, { venue, config, doors: kind }: WorkerStart): void {
  const adapter = venueNamed(venue);
  if (!adapter) throw new ConnectorError('DESCRIPTOR_INVALID', `no venue is named ${venue}`);
  const clock = systemClock;
  const random = Math.random;
  const meter = createMeter();
  const log = createLog(config.log).child({ module: venue, venue });
  const tally = new MeterTally(meter, clock);
  const recorder = flightRecorder(config.flightRecorder, { log, meter: tally, clock });
  const telemetry = { log, meter: tally, ...(recorder && { recorder }) };
  const say = (message: FromWorker): void => port.postMessage(message);

  const { broker, store } = openDoors(kind, config, { clock, random, telemetry });
  const outbox = openOutbox(config, broker, { clock, random, telemetry });
  const mirror = new Mirror(clock, (events) => say({ is: 'events', events }));
  const family = new PriceFamily(adapter, priceSettings(config), {
    clock,
    random,
    telemetry,
    broker,
    store,
    outbox,
    rewrite: rewriter(config.endpoints),
    onEvent: (event) => mirror.offer(event),
    onStall: (stall) => say({ is: 'stall', stall }),
    onListed: (request) => say({ is: 'listed', request }),
  });
  const alive = clock.every(ALIVE_MS, () => say({ is: 'alive' }));

  async function report(id: number): Promise<void> {
    const metrics = await meter.snapshot();
    say({
      is: 'report',
      id,
      report: { metrics, brokerReady: broker.ready, storeReady: store.ready },
    });
  }

  async function record(id: number): Promise<void> {
    say({ is: 'recorded', id, files: (await recorder?.dumpAll('requested')) ?? [] });
  }

  async function stop(deadlineMs: number): Promise<void> {
    clock.cancel(alive);
    const drained = await family.stop(deadlineMs);
    mirror.stop();
    outbox.close();
    await Promise.all([broker.close(), store.close()]);
    say({ is: 'stopped', drained });
    port.close();
  }

  function received(message: ToWorker): void {
    switch (message.do) {
      case 'exchanges':
        return family.setExchanges(message.enabled);
      case 'subscribeCandle':
        return message.requests.forEach((request) => family.subscribeCandle(request));
      case 'unsubscribeCandle':
        return message.requests.forEach((request) => family.unsubscribeCandle(request));
      case 'mirror':
        return mirror.switch(message.on);
      case 'report':
        // A report that cannot be made ends the thread: the supervisor knows what to do.
        void report(message.id);
        return;
      case 'record':
        void record(message.id);
        return;
      case 'status': {
        const status = workerStatus(family, { broker, store, outbox }, tally);
        return say({ is: 'status', id: message.id, status });
      }
      case 'stop':
        void stop(message.deadlineMs);
        return;
    }
  }

  port.on('message', received);
  say({ is: 'ready' });
}

if (parentPort) main(parentPort, workerData as WorkerStart);
