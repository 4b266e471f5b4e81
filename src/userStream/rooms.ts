import { ConnectorError } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';
import { isPaper } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import { marketOf } from '../venues/registry';
import type { AccountPlug } from './account-stream';
import type { Access, Command } from './commands';
import { fingerprint } from './commands';
import { Room } from './room';
import type { RoomDeps } from './room';
import type { VenueLines } from './venue-lines';

export interface RoomsDeps {
  readonly telemetry: Telemetry;
  readonly lines: VenueLines;
  /** What a room of this exchange works with. */
  roomDeps(exchange: ExchangeId, lines: VenueLines): RoomDeps;
  onClosed(room: string): void;
}

/**
 * Every open room, by its id. A wish is registered at once: dials are paced by the venue's budget, and no
 * room waits for another venue's. Reference-counted: messages carry no subscriber id.
 */
export class Rooms {
  private readonly rooms = new Map<string, Room>();

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

  /** The operator switched the exchange off. */
  closeExchanges(isEnabled: (exchange: ExchangeId) => boolean): void {
    for (const room of this.rooms.values()) if (!isEnabled(room.identity.exchange)) this.drop(room);
  }

  announceAll(): void {
    for (const room of this.rooms.values()) room.announceAgain();
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
  }

  private open({ room: id, userId, access }: Extract<Command, { do: 'open' }>): void {
    const running = this.rooms.get(id);
    if (running) {
      running.subscribers += 1;
      return this.rekey(id, access);
    }
    const { exchange } = access;
    const room = new Room(
      { id, userId, exchange },
      fingerprint(access),
      this.plug(access),
      this.roomDeps(exchange),
    );
    this.rooms.set(id, room);
  }

  private rekey(id: string, access: Access): void {
    const room = this.rooms.get(id);
    if (!room) throw new ConnectorError('COMMAND_INVALID', 'payload.uuid: unknown room', { retry: 'never' });
    const print = fingerprint(access);
    if (room.fingerprint === print) return;
    if (room.identity.exchange !== access.exchange) {
      throw new ConnectorError('COMMAND_INVALID', 'provider: not that of the room', { retry: 'never' });
    }
    room.swap(this.plug(access), print);
  }

  private restart(id: string | undefined): void {
    if (id === undefined) for (const room of this.rooms.values()) room.restart();
    else this.rooms.get(id)?.restart();
  }

  private drop(room: Room): void {
    room.stop();
    this.rooms.delete(room.identity.id);
    this.deps.onClosed(room.identity.id);
  }

  /** Only a venue that can really be logged in to gets a room: a false "Subscribed" would be believed. */
  private plug({ exchange, credentials, environment }: Access): AccountPlug {
    const known = isPaper(exchange) ? undefined : marketOf(exchange);
    const rules = known?.market.links.account;
    if (!known?.adapter.accountFeed || !known.adapter.connectAccount || !rules) {
      throw new ConnectorError('COMMAND_INVALID', 'provider: not served', { retry: 'never' });
    }
    const account = { market: known.market, credentials, environment };
    const rest = known.adapter.connectAccount(account, this.deps.lines.restDeps(known));
    return { account, feed: known.adapter.accountFeed, rest, rules };
  }

  private roomDeps(exchange: ExchangeId): RoomDeps {
    return this.deps.roomDeps(exchange, this.deps.lines);
  }
}
