/** The frames of private streams that the venues' tests hold, decoded by the real codecs. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccountEvent } from '../domain/account';
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

/** Folders below `src/venues`. */
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
/** Session controls of the dialects that tell nothing before them. */
const BEFORE: Readonly<Record<string, unknown>> = {
  okx: { event: 'login', code: '0', msg: '', connId: 'a' },
};
const RECEIVED_AT = 1_700_000_000_000;

export function accountRecordings(): readonly AccountRecording[] {
  const venues = join(__dirname, '../venues');
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(venues, folder)).map((name) => {
      const fixture = JSON.parse(readFileSync(join(venues, folder, name), 'utf8')) as Fixture;
      return { venue: folder.split('/', 1)[0] ?? '', fixture };
    }),
  )
    .filter(({ fixture: { id, stream } }) => stream !== 'control' && !NOT_STREAMED.has(id))
    .map(({ venue, fixture }) => decoded(venue, fixture));
}

function decoded(venue: string, { id, exchange, frames }: Fixture): AccountRecording {
  const known = accountMarkets('ws://paper')(exchange);
  const codec = known?.adapter.accountFeed?.codec;
  if (!known || !codec) throw new Error(`${id}: ${exchange} has no account streams`);
  const { market } = known;
  const instruments = new InstrumentIndex();
  const context = { state: codec.begin(market), market, receivedAt: RECEIVED_AT, instruments };
  const events = [BEFORE[venue], ...frames].flatMap((frame) => {
    if (frame === undefined) return [];
    const answer = codec.decode(textOf(frame), context);
    return answer.kind === 'events' ? answer.events : [];
  });
  return { id, exchange, events };
}

/** Paper frames are kept as name and body of a Socket.IO packet. */
function textOf(frame: unknown): string {
  if (typeof frame === 'string') return frame;
  return Array.isArray(frame) ? `42${JSON.stringify(frame)}` : JSON.stringify(frame);
}
