import { EventEmitter } from 'node:events';
import type { IncomingMessage, Verdict } from '../bus/ports';
import {
  ADMIN_CONFIG,
  ADMIN_ENABLED_EXCHANGES,
  LAST_EVENT_KEY,
  ORDERS_KEY,
  streamFactsKey,
  streamOrdersKey,
  STREAMS_MARKER,
  USER_COMMANDS,
} from '../bus/routes';
import { ServiceLog } from '../bus/service-log';
import type { PublishedAccountEvent } from '../bus/user-publisher';
import { UserPublisher } from '../bus/user-publisher';
import { rewriter } from '../config';
import { ConnectorError, errorText } from '../domain/errors';
import type { ProcessStatus, StreamDetail, StreamStatus, Tally } from '../domain/status';
import { telemetryAbout } from '../domain/telemetry';
import type { Timer } from '../domain/time';
import { AdminConfig } from '../store/admin-config';
import { becameReady } from '../store/becoming-ready';
import { guarded } from '../store/signal';
import { OrderCache } from '../store/order-cache';
import { StreamRecords } from '../store/stream-records';
import { DialBudget } from '../transport/limits';
import type { KnownMarket } from '../venues/registry';
import { AuthGates } from './auth-gates';
import type { OpenStreamInput } from './commands';
import { openInput, parseCommand } from './commands';
import type { ConnectorDeps } from './deps';
import type { ConnectorStatus } from './process-status';
import { processStatus, streamDetail, streamsStatus } from './process-status';
import type { RoomDeps } from './room';
import { Rooms } from './rooms';
import type { VenueLines } from './venue-lines';
import { defaultDeps, openLines } from './wiring';

export type { OpenStreamInput } from './commands';
export type { ConnectorDeps } from './deps';

/** What `Connector` emits: the objects that it publishes, and the room that they belong to. */
export interface ConnectorEvents {
  executionReport: [report: PublishedAccountEvent, room: string];
  outboundAccountPosition: [position: PublishedAccountEvent, room: string];
  balanceUpdate: [update: PublishedAccountEvent, room: string];
  /** The forms of Binance futures. */
  ORDER_TRADE_UPDATE: [update: PublishedAccountEvent, room: string];
  ACCOUNT_UPDATE: [update: PublishedAccountEvent, room: string];
}

const GAUGES_MS = 5_000;

/**
 * Account streams of exchanges, opened and closed on request from RabbitMQ or from code. Starts by itself;
 * `new Connector()` reads the environment.
 */
export class Connector extends EventEmitter<ConnectorEvents> {
  private readonly deps: ConnectorDeps;
  private readonly lines: VenueLines;
  private readonly dials: DialBudget;
  private readonly publisher: UserPublisher;
  private readonly orderCache: OrderCache;
  private readonly records: StreamRecords;
  private readonly serviceLog: ServiceLog;
  private readonly rooms: Rooms;
  private readonly gates: AuthGates;
  private readonly gauges: Timer;
  private admin: AdminConfig | undefined;
  private stopping: Promise<boolean> | undefined;
  private wasStoreReady = false;
  private tallied: ReadonlyMap<string, number> = new Map();
  private readonly unsubscribe: readonly (() => void)[];
  /** Resolves when commands are consumed and the restart notice is on its way. */
  readonly started: Promise<void>;

  /** @throws ConnectorError CONFIG_INVALID, naming every problem of the environment at once */
  constructor(deps: Partial<ConnectorDeps> = {}) {
    super();
    this.deps = defaultDeps(deps);
    const { clock, telemetry, store, outbox } = this.deps;
    this.lines = openLines(this.deps);
    this.dials = new DialBudget(clock);
    this.orderCache = new OrderCache(
      store,
      { orders: ORDERS_KEY, lastEvent: LAST_EVENT_KEY },
      { clock, telemetry },
    );
    this.records = new StreamRecords(
      store,
      { facts: streamFactsKey, orders: streamOrdersKey, marker: STREAMS_MARKER },
      { clock, telemetry },
      () => this.rooms.noteAll(),
    );
    this.publisher = new UserPublisher({ store, outbox, telemetry, clock, orderCache: this.orderCache });
    this.serviceLog = new ServiceLog(store, { clock, telemetry });
    const { authWindowMs, authFailThreshold, authCooldownMs, authCooldownMaxMs } =
      this.deps.config.userStream;
    this.gates = new AuthGates(
      {
        windowMs: authWindowMs,
        threshold: authFailThreshold,
        cooldownMs: authCooldownMs,
        cooldownMaxMs: authCooldownMaxMs,
      },
      clock,
    );
    this.rooms = new Rooms({
      clock,
      telemetry,
      lines: this.lines,
      sandboxVenues: this.deps.config.sandboxVenues,
      marketOf: (exchange) => this.deps.marketOf(exchange),
      roomDeps: (known) => this.roomDeps(known),
      onClosed: (room) => this.orderCache.forget(room),
      onForgotten: (room) => this.records.forget(room),
    });
    this.gauges = clock.every(GAUGES_MS, () => this.gauge());
    this.unsubscribe = [
      store.onReady(() => this.storeChanged()),
      outbox.onDrained(() => this.rooms.outboxDrained()),
    ];
    this.started = this.start().catch((error: unknown) => {
      // Stopped before it had begun: nobody waits for it any more.
      if (!this.stopping) throw error;
    });
  }

  /**
   * Opens a stream, or adds a subscriber to it. Returns its room id, which is also its Redis channel.
   * @throws ConnectorError COMMAND_INVALID naming the bad field
   */
  openStream(input: OpenStreamInput, room?: string): string {
    const command = openInput(input, room);
    this.rooms.perform(command);
    return command.room;
  }

  /** Takes one subscriber from the room, or from every room of the user; the last one closes it. */
  closeStream(userIdOrRoom: string): void {
    for (const room of this.rooms.idsOf(userIdOrRoom)) this.rooms.close(room);
  }

  /** Reconnects the room, or every room of the user. */
  reconnect(userIdOrRoom: string): void {
    for (const room of this.rooms.idsOf(userIdOrRoom)) this.rooms.perform({ do: 'restart', room });
  }

  /** Facts by room for operators; never a credential. */
  status(): ConnectorStatus {
    const { broker, store } = this.deps;
    return { brokerReady: broker.ready, storeReady: store.ready, rooms: this.rooms.status() };
  }

  /** All that an operator wants to see but the streams. `tally`: of the meter that was handed in. */
  report(tally: Tally): ProcessStatus {
    return processStatus(this.deps, tally);
  }

  streams(): readonly StreamStatus[] {
    return streamsStatus(this.rooms.all(), this.deps);
  }

  /** What happened to one stream; undefined: there is no such room. */
  stream(room: string): StreamDetail | undefined {
    return streamDetail(this.rooms.get(room), this.deps);
  }

  /** Stops intake, closes the streams, drains what must arrive. True when nothing was left behind. */
  stop(): Promise<boolean> {
    this.stopping ??= this.shutDown();
    return this.stopping;
  }

  // ---------------------------------------------------------------- start and stop

  private async start(): Promise<void> {
    const { broker, store } = this.deps;
    const spec = { queue: USER_COMMANDS, prefetch: 0, handle: this.onCommand.bind(this) };
    await Promise.all([broker.consume(spec), becameReady(store).then(() => this.startAdmin())]);
    // Of stand-ins in this process nobody could hear.
    if (this.stopping || this.deps.doors === 'embedded') return;
    void this.serviceLog.untilHeard({ restart: 'userStream' }, 'restart');
  }

  private startAdmin(): void {
    const { config, store, clock, telemetry } = this.deps;
    if (!config.admin.enabled || this.stopping) return;
    this.admin = new AdminConfig(
      store,
      { enabledExchanges: ADMIN_ENABLED_EXCHANGES, changes: ADMIN_CONFIG },
      config.admin.refreshMs,
      { clock, telemetry },
      (enabled) => this.rooms.enable((exchange) => enabled?.has(exchange) ?? true),
    );
    void this.admin.start();
  }

  private async shutDown(): Promise<boolean> {
    const { broker, store, outbox, config, clock } = this.deps;
    clock.cancel(this.gauges);
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    this.admin?.stop();
    this.serviceLog.stop();
    await broker.stopConsuming();
    this.rooms.stop();
    this.lines.stop();
    const isDrained = await outbox.drain(Math.max(1_000, config.shutdownTimeoutMs - 2_000));
    this.orderCache.close();
    this.records.close();
    await Promise.all([this.orderCache.flush(), this.records.flush()]);
    this.publisher.close();
    outbox.close();
    await Promise.all([broker.close(), store.close()]);
    return isDrained;
  }

  // ---------------------------------------------------------------- commands

  /** Acked once the wish is registered, not when the socket is live. */
  private onCommand(message: IncomingMessage): Verdict {
    const { log, meter } = this.deps.telemetry;
    try {
      const command = parseCommand(message.body);
      const isUnserved = command.do === 'open' && !this.rooms.serves(command.access.exchange);
      // The backend knows exchanges that are not ours: its requests for them are nothing to worry about.
      if (command.do === 'ignore' || isUnserved) {
        log.debug({ queue: USER_COMMANDS, isUnserved }, 'command ignored');
        meter.count('connector_commands_total', { queue: USER_COMMANDS, outcome: 'ignored' });
      } else this.rooms.perform(command);
      return { kind: 'done' };
    } catch (error) {
      if (!(error instanceof ConnectorError)) throw error;
      log.warn(
        { queue: USER_COMMANDS, bytes: message.body.length, problem: errorText(error) },
        'bad command',
      );
      return { kind: 'dead-letter', reason: errorText(error) };
    }
  }

  // ---------------------------------------------------------------- rooms

  private roomDeps(known: KnownMarket): RoomDeps {
    const { clock, random, config } = this.deps;
    const telemetry = telemetryAbout(this.deps.telemetry, { venue: known.adapter.descriptor.venue });
    const { records, publisher } = this;
    const { flapWindowMs: windowMs, flapThreshold: threshold, auditMs } = config.userStream;
    return {
      ...{ clock, random, telemetry, publisher, records, auditMs },
      instanceId: config.instanceId,
      stream: {
        transport: { clock, random, telemetry, rewrite: rewriter(config.endpoints), dials: this.dials },
        venueClock: this.lines.clockOf(known.adapter),
        instruments: this.lines.instrumentsOf(known),
        listed: () => this.lines.listed(known),
        onLimited: (afterMs, login) => this.lines.limited(known, afterMs, login),
        gates: this.gates,
      },
      flap: { windowMs, threshold },
      onEvent: (event, room) => this.emitEvent(event, room),
      onFlap: (room, id, reconnects) => this.tellFlap(room, id, reconnects),
      onAuthReject: (_room, id, userId, { code, cause }) =>
        void this.serviceLog.publish(
          { userStreamAuthReject: { exchange: id, userId, reason: `code ${code} (${cause ?? 'venue'})` } },
          'userStreamAuthReject',
        ),
    };
  }

  private tellFlap(room: string, exchange: string, reconnects: number): void {
    const windowSec = Math.round(this.deps.config.userStream.flapWindowMs / 1_000);
    // The reader's field is named userId but holds the room id (contract 2.3).
    const userStreamFlap = { exchange, userId: room, reconnects, windowSec };
    void this.serviceLog.publish({ userStreamFlap }, 'userStreamFlap');
  }

  private emitEvent(event: PublishedAccountEvent, room: string): void {
    guarded(() => this.emit(event.eventType as keyof ConnectorEvents, event, room));
  }

  /** Notices that fell into the cache's outage are told again, once. */
  private storeChanged(): void {
    const { ready } = this.deps.store;
    if (ready && !this.wasStoreReady) this.rooms.announceAll();
    this.wasStoreReady = ready;
  }

  private gauge(): void {
    const tally = this.rooms.tally();
    // What is no more is told once more, as none.
    for (const key of new Set([...this.tallied.keys(), ...tally.keys()])) {
      const [exchange = '', state = ''] = key.split(' ');
      this.deps.telemetry.meter.gauge('connector_user_streams', tally.get(key) ?? 0, { exchange, state });
    }
    this.tallied = tally;
  }
}

export default Connector;
