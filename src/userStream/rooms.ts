import { ConnectorError } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';
import { isPaper } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Account } from '../venues/contract';
import type { KnownMarket } from '../venues/registry';
import type { AccountPlug } from './account-feed';
import type { Access, Command } from './commands';
import { environmentOf, fingerprint } from './commands';
import { LoginLines } from './login-lines';
import { LoginPlug } from './login-plug';
import { Room } from './room';
import type { RoomDeps } from './room';
import type { VenueLines } from './venue-lines';

export interface RoomsDeps {
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly lines: VenueLines;
  /** Venues whose accounts are demo accounts where a command does not say. */
  readonly sandboxVenues: readonly string[];
  /** The market of an exchange id, paper ones included. */
  marketOf(exchange: ExchangeId): KnownMarket | undefined;
  /** What the rooms of this market work with; asked once per market. */
  roomDeps(known: KnownMarket): RoomDeps;
  onClosed(room: string): void;
  /** Closed, and not opened again soon after. */
  onForgotten(room: string): void;
}

type PlacedAccess = Access & Pick<Account, 'environment'>;

/** A key change closes the room before it sends the new key: so long its owner, and what it told, is remembered. */
const CLOSED_KEPT_MS = 60_000;
const MAX_CLOSED = 1_000;

interface ClosedRoom {
  readonly userId: string;
  readonly forget: Timer;
}

/**
 * Every open room, by its id. A wish is registered at once: dials are paced by the venue's budget, and no
 * room waits for another venue's. Reference-counted: messages carry no subscriber id.
 */
export class Rooms {
  private readonly rooms = new Map<string, Room>();
  private readonly closed = new Map<string, ClosedRoom>();
  /** What rooms of one market share, made once: thousands of rooms must not hold a copy each. */
  private readonly shared = new Map<ExchangeId, RoomDeps>();
  private isEnabled: (exchange: ExchangeId) => boolean = () => true;

  constructor(private readonly deps: RoomsDeps) {}

  /** @throws ConnectorError COMMAND_INVALID for an exchange that has no account streams */
  perform(command: Command): void {
    switch (command.do) {
      case 'open':
        return this.open(command);
      case 'rekey':
        return this.rekey(command.room, command.access);
      case 'close':
        return this.close(command.room);
      case 'restart':
        return this.restart(command.room);
      case 'ignore':
        return;
    }
  }

  /** Whether a room of this exchange can be opened. */
  serves(exchange: ExchangeId): boolean {
    return this.isEnabled(exchange) && this.served(exchange) !== undefined;
  }

  /** Rooms of the id, or all rooms of a user. */
  idsOf(roomOrUser: string): readonly string[] {
    if (this.rooms.has(roomOrUser)) return [roomOrUser];
    return [...this.rooms.values()]
      .filter(({ identity }) => identity.userId === roomOrUser)
      .map(({ identity }) => identity.id);
  }

  close(id: string): void {
    const room = this.rooms.get(id);
    if (!room) return this.deps.telemetry.log.debug({ room: id }, 'close of a room that is not open');
    room.subscribers -= 1;
    if (room.subscribers === 0) this.drop(room);
  }

  /** The operator's list: rooms of other exchanges are closed, and no more opened. */
  enable(isEnabled: (exchange: ExchangeId) => boolean): void {
    // It names real exchanges only: paper accounts are none of its business.
    this.isEnabled = (exchange) => isPaper(exchange) || isEnabled(exchange);
    for (const room of this.rooms.values()) if (!this.isEnabled(room.identity.exchange)) this.drop(room);
  }

  outboxDrained(): void {
    for (const room of this.rooms.values()) room.outboxDrained();
  }

  /** Everything that must be known over a restart, noted anew. */
  noteAll(): void {
    for (const room of this.rooms.values()) room.noteAll();
  }

  announceAll(): void {
    for (const room of this.rooms.values()) room.announceAgain();
  }

  get(id: string): Room | undefined {
    return this.rooms.get(id);
  }

  all(): readonly Room[] {
    return [...this.rooms.values()];
  }

  status(): Readonly<Record<string, unknown>> {
    return Object.fromEntries([...this.rooms].map(([id, room]) => [id, room.status()]));
  }

  /** Rooms by exchange and state of their connection. */
  tally(): ReadonlyMap<string, number> {
    const counts = new Map<string, number>();
    for (const { identity, state } of this.rooms.values()) {
      const key = `${identity.exchange} ${state}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return counts;
  }

  stop(): void {
    for (const room of this.rooms.values()) room.stop();
    this.rooms.clear();
    for (const { forget } of this.closed.values()) this.deps.clock.cancel(forget);
  }

  private open({ room: id, userId, access }: Extract<Command, { do: 'open' }>): void {
    const running = this.rooms.get(id);
    if (!running) return this.begin(id, userId, access);
    this.swap(running, access);
    running.subscribers += 1;
  }

  private begin(id: string, userId: string, access: Access): void {
    const { exchange } = access;
    const known = this.served(exchange);
    if (!known || !this.isEnabled(exchange)) throw invalid('provider: not served');
    const plug = this.plug(known, this.placed(known, access));
    this.reopened(id);
    this.rooms.set(id, new Room({ id, userId, exchange }, plug, this.sharedOf(known)));
  }

  private sharedOf(known: KnownMarket): RoomDeps {
    const { exchange } = known.market;
    let shared = this.shared.get(exchange);
    if (!shared) {
      shared = this.deps.roomDeps(known);
      this.shared.set(exchange, shared);
    }
    return shared;
  }

  private rekey(id: string, access: Access): void {
    const room = this.rooms.get(id);
    if (room) return this.swap(room, access);
    const closed = this.closed.get(id);
    if (!closed) throw invalid('uuid: unknown room');
    this.begin(id, closed.userId, access);
  }

  private swap(room: Room, access: Access): void {
    if (room.identity.exchange !== access.exchange) throw invalid('provider: not that of the room');
    const known = this.served(access.exchange);
    if (!known) return;
    const placed = this.placed(known, access);
    if (room.fingerprint !== fingerprint(placed)) room.swap(this.plug(known, placed));
  }

  private restart(id: string | undefined): void {
    if (id === undefined) for (const room of this.rooms.values()) room.restart();
    else this.rooms.get(id)?.restart();
  }

  private drop(room: Room): void {
    const { id, userId } = room.identity;
    room.stop();
    this.rooms.delete(id);
    this.closed.set(id, {
      userId,
      forget: this.deps.clock.after(CLOSED_KEPT_MS, () => this.forget(id)),
    });
    const oldest = this.closed.size > MAX_CLOSED ? this.closed.keys().next().value : undefined;
    if (oldest !== undefined) this.forget(oldest);
    this.deps.onClosed(id);
  }

  private forget(id: string): void {
    this.reopened(id);
    this.deps.onForgotten(id);
  }

  private reopened(id: string): void {
    this.deps.clock.cancel(this.closed.get(id)?.forget);
    this.closed.delete(id);
  }

  /** Only a venue that can really be logged in to gets a room: a false "Subscribed" would be believed. */
  private served(exchange: ExchangeId): KnownMarket | undefined {
    const known = this.deps.marketOf(exchange);
    const isServed = known?.adapter.accountFeed && known.adapter.connectAccount && known.market.links.account;
    return isServed ? known : undefined;
  }

  private placed({ adapter }: KnownMarket, access: Access): PlacedAccess {
    const environment = environmentOf(access, adapter.descriptor.venue, this.deps.sandboxVenues);
    return { ...access, environment };
  }

  private plug(known: KnownMarket, access: PlacedAccess): AccountPlug {
    const { adapter, market } = known;
    const { credentials, environment } = access;
    const account = { market, credentials, environment };
    const login = fingerprint(access);
    const feed = adapter.accountFeed;
    const rules = market.links.account;
    if (!feed || !rules) throw invalid('provider: not served');
    const problem = feed.misplaced?.(account);
    if (problem !== undefined) throw invalid(problem);
    return new LoginPlug(account, feed, rules, login, new LoginLines(account, login, known, this.deps.lines));
  }
}

function invalid(problem: string): ConnectorError {
  return new ConnectorError('COMMAND_INVALID', problem, { retry: 'never' });
}
