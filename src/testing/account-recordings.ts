/** The frames of private streams that the venues' tests hold, decoded by the real codecs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountEvent } from '../domain/account';
import { isPaper, realTwin } from '../domain/exchange';
import { InstrumentIndex } from '../domain/instrument';
import { accountMarkets } from '../venues/registry';

interface Fixture {
  readonly id: string;
  readonly exchange: string;
  readonly stream: string;
  readonly frames: readonly unknown[];
}

export interface AccountRecording {
  readonly id: string;
  readonly exchange: string;
  readonly events: readonly AccountEvent[];
}

const VENUES = join(__dirname, '../venues');
/** Folders below it. */
const FOLDERS: readonly string[] = [
  'binance/__account_fixtures__',
  'bybit/account/__fixtures__',
  'okx/__private_fixtures__',
  'bitget/__account_fixtures__',
  'kucoin/__private_fixtures__',
  'coinbase/__private_fixtures__',
  'paper/__fixtures__',
];
/** Answers of REST: no codec reads them. */
const NOT_STREAMED: ReadonlySet<string> = new Set(['coinbase.balance.accounts-two-pages']);
/** What a venue says first, where its codec tells nothing before. */
const BEFORE: Readonly<Record<string, unknown>> = {
  okx: { event: 'login', code: '0', msg: '', connId: 'a' },
};
const RECEIVED_AT = 1_700_000_000_000;

export function accountRecordings(): readonly AccountRecording[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(VENUES, folder)).map((name) => readFixture(join(VENUES, folder, name))),
  )
    .filter(({ id, stream }) => stream !== 'control' && !NOT_STREAMED.has(id))
    .map((fixture) => ({ id: fixture.id, exchange: fixture.exchange, events: decoded(fixture) }));
}

/** What the frames of one file tell an account of this exchange, which may be another than the file's. */
export function recordedFor(exchange: string, path: string): readonly AccountEvent[] {
  const { frames, ...fixture } = readFixture(path);
  return decoded({ ...fixture, exchange, frames: isPaper(exchange) ? renamed(frames) : frames });

  /** The paper server has one dialect for all exchanges, and names the exchange of each order. */
  function renamed(told: readonly unknown[]): readonly unknown[] {
    const named = (id: string): string => `"exchange":${JSON.stringify(realTwin(id))}`;
    const text = JSON.stringify(told).replaceAll(named(fixture.exchange), named(exchange));
    return JSON.parse(text) as readonly unknown[];
  }
}

function readFixture(path: string): Fixture {
  return JSON.parse(readFileSync(path, 'utf8')) as Fixture;
}

function decoded({ id, exchange, frames }: Fixture): readonly AccountEvent[] {
  const known = accountMarkets('ws://paper')(exchange);
  const codec = known?.adapter.accountFeed?.codec;
  if (!known || !codec) throw new Error(`${id}: ${exchange} has no account streams`);
  const { market } = known;
  const instruments = new InstrumentIndex();
  const context = { state: codec.begin(market), market, receivedAt: RECEIVED_AT, instruments };
  const before = BEFORE[known.adapter.descriptor.venue];
  return [...(before === undefined ? [] : [before]), ...frames].flatMap((frame) => {
    const answer = codec.decode(textOf(frame), context);
    return answer.kind === 'events' ? answer.events : [];
  });
}

/** Paper frames are kept as name and body of a Socket.IO packet. */
function textOf(frame: unknown): string {
  if (typeof frame === 'string') return frame;
  return Array.isArray(frame) ? `42${JSON.stringify(frame)}` : JSON.stringify(frame);
}
