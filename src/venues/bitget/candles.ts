import { isPositive } from '../../domain/decimal';
import type { Candle } from '../../domain/events';
import type { Interval } from '../../domain/interval';
import type { Topic } from '../contract';
import { Rhythm } from '../rhythm';
import { epochMs, isAmount } from './fields';

/** The bars that the candle topics of one connection were last seen to form. */
export class OpenBars {
  private readonly bars = new Map<Topic, FormingBar>();
  private readonly rhythm = new Rhythm();
  /** How often frames were unreadable, or missing as it seems. What was told before may lack its last word. */
  private losses = 0;

  /** A frame of candles that the venue made at `time` (epoch ms). */
  hear(time: number): void {
    if (this.rhythm.hear(time)) this.distrust(undefined);
  }

  get size(): number {
    return this.bars.size;
  }

  get(topic: Topic): Candle | undefined {
    return this.bars.get(topic)?.bar;
  }

  /** The bar was told to its last row, as far as we know. */
  isTrusted(topic: Topic): boolean {
    return this.bars.get(topic)?.losses === this.losses;
  }

  set(topic: Topic, bar: Candle): void {
    this.bars.set(topic, { bar, losses: this.losses });
  }

  /** A frame could not be read: it may have held the last row of the topic's bar, or of any where it names none. */
  distrust(topic: Topic | undefined): void {
    const forming = topic === undefined ? undefined : this.bars.get(topic);
    if (topic === undefined) this.losses += 1;
    else if (forming !== undefined) this.bars.set(topic, { bar: forming.bar, losses: NEVER });
  }
}

interface FormingBar {
  readonly bar: Candle;
  /** `OpenBars.losses` when it was told. */
  readonly losses: number;
}

const NEVER = -1;

/** What all rows of one frame share. */
export interface BarFrame {
  readonly topic: Topic;
  readonly exchange: string;
  readonly symbol: string;
  readonly interval: Interval;
  /** Event time of the frame (epoch ms). */
  readonly time: number;
  readonly isSnapshot: boolean;
}

/**
 * Bars may not open later than their frame was sent; clocks of the venue's machines may differ a little.
 * A start in the far future would make every later bar look old.
 */
const CLOCK_TOLERANCE_MS = 60_000;

/**
 * Bitget tells no end of a bar: the first row of a newer bar closes the one before, with the values last
 * seen. Rows of older bars are dropped, so a bar closes once. A bar of which the last row may have been
 * missed is left to REST. Undefined: rows, but no readable one.
 */
export function barsOf(
  open: OpenBars,
  rows: readonly unknown[],
  frame: BarFrame,
): readonly Candle[] | undefined {
  const bars = readBars(rows, frame);
  open.hear(frame.time);
  const newest = bars[bars.length - 1];
  if (newest === undefined) return rows.length === 0 ? NONE : undefined;
  const isWhole = bars.length === rows.length;
  const known = open.get(frame.topic);
  let events = NONE;
  if (known !== undefined || !frame.isSnapshot) events = advance(open, known, bars, frame);
  // The first snapshot is history, which is REST's business; its last row is the bar of now.
  else open.set(frame.topic, newest);
  if (isWhole) return events;
  open.distrust(frame.topic);
  return events.filter(({ closed }) => !closed);
}

const NONE: readonly Candle[] = [];

function advance(
  open: OpenBars,
  known: Candle | undefined,
  bars: readonly Candle[],
  { topic, time, isSnapshot }: BarFrame,
): readonly Candle[] {
  const events: Candle[] = [];
  const isKnownWhole = !isSnapshot && open.isTrusted(topic);
  let last = known;
  for (const bar of bars) {
    if (last === undefined || bar.start === last.start) last = bar;
    if (bar.start <= last.start) continue;
    // A snapshot on a running topic bridges a loss. Where it does not reach back to the open bar, nobody
    // knows how that one ended: REST tells.
    if (last !== known || isKnownWhole) events.push({ ...last, closed: true, time });
    last = bar;
  }
  if (last !== undefined && last !== known) {
    open.set(topic, last);
    events.push(last);
  }
  return events;
}

/** Oldest first, as the venue sends them. */
function readBars(rows: readonly unknown[], frame: BarFrame): readonly Candle[] {
  const bars: Candle[] = [];
  for (const row of rows) {
    const bar = toBar(row, frame);
    if (bar !== undefined) bars.push(bar);
  }
  return bars;
}

function toBar(row: unknown, { exchange, symbol, interval, time }: BarFrame): Candle | undefined {
  if (!Array.isArray(row)) return undefined;
  // Columns of CandleWire: row[6] is the quote volume.
  const [ts, open, high, low, close, volume] = row as readonly unknown[];
  const start = epochMs(ts);
  if (start === undefined || start > time + CLOCK_TOLERANCE_MS || !isAmount(volume)) return undefined;
  if (!isPositive(open) || !isPositive(high) || !isPositive(low) || !isPositive(close)) return undefined;
  return {
    eventType: 'candle',
    exchange,
    symbol,
    interval,
    start,
    open,
    high,
    low,
    close,
    volume,
    closed: false,
    time,
  };
}
