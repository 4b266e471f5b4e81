/** A connector on in-process broker and store, real sockets and real time, for tests against paper servers. */
import { MemoryBroker } from '../bus/memory';
import type { OutgoingMessage } from '../bus/ports';
import { loadConfig } from '../config';
import { systemClock } from '../ops/clock';
import { MemoryStore } from '../store/memory';
import Connector from '../userStream';
import { RecordedTelemetry } from './recorded-telemetry';
import { until } from './services';

export const PAPER_KEY = 'paper-key-5d0e';
export const PAPER_SECRET = 'paper-sEcReT-5d0e';

export interface PaperRoom {
  readonly uuid: string;
  readonly exchange: string;
  readonly key?: string;
  readonly secret?: string;
}

export class PaperRig {
  readonly telemetry = new RecordedTelemetry();
  readonly onRabbit: OutgoingMessage[] = [];
  private readonly onRedis = new Map<string, string[]>();
  private readonly broker = new MemoryBroker({ telemetry: this.telemetry, clock: systemClock });
  private readonly store = new MemoryStore(systemClock);
  readonly connector: Connector;

  private constructor(environment: Record<string, string>) {
    this.store.published(({ channel, payload }) =>
      this.onRedis.set(channel, [...(this.onRedis.get(channel) ?? []), payload]),
    );
    this.broker.received('#', (message) => this.onRabbit.push(message));
    this.connector = new Connector({
      telemetry: this.telemetry,
      // Backoff at its floor.
      random: () => 0,
      broker: this.broker,
      store: this.store,
      config: loadConfig({ RABBIT_PASSWORD: 'x', EXCHANGE_SERVICE_API_URL: '', ...environment }),
    });
  }

  static async start(environment: Record<string, string>): Promise<PaperRig> {
    const rig = new PaperRig(environment);
    await rig.connector.started;
    return rig;
  }

  open({ uuid, exchange: provider, key = PAPER_KEY, secret = PAPER_SECRET }: PaperRoom): void {
    const data = { userId: 'u1', api: { key, secret, passphrase: '', provider } };
    this.send({ event: 'open stream', uuid, data });
  }

  close(uuid: string): void {
    this.send({ event: 'close stream', uuid });
  }

  on(channel: string): readonly string[] {
    return this.onRedis.get(channel) ?? [];
  }

  events(room: string): readonly Record<string, unknown>[] {
    return this.on(room).map((text) => JSON.parse(text) as Record<string, unknown>);
  }

  orders(room: string): readonly Record<string, unknown>[] {
    return this.events(room).filter(({ eventType }) => eventType === 'executionReport');
  }

  announced(room: string): number {
    return this.on(`userStreamInfo${room}`).length;
  }

  state(room: string): string | undefined {
    return (this.connector.status().rooms[room] as { readonly state?: string } | undefined)?.state;
  }

  untilAnnounced(room: string, times = 1): Promise<void> {
    return until(`${room} announced ${times} times`, () => this.announced(room) >= times);
  }

  /** Everything that left the process. */
  everything(): string {
    return this.telemetry.allText() + JSON.stringify([[...this.onRedis], this.onRabbit]);
  }

  stop(): Promise<boolean> {
    return this.connector.stop();
  }

  private send(payload: object): void {
    this.broker.send('usersStreamAction', JSON.stringify({ payload }));
  }
}
