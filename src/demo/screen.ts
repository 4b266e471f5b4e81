import type { Board, MarketBoard } from './board';

const COLUMNS = [
  ['exchange', 14],
  ['symbol', 16],
  ['price', 16],
  ['bid', 16],
  ['ask', 16],
  ['symbols', 8],
  ['updates/s', 10],
  ['candle', 28],
  ['closed', 7],
] as const;

/** The table that a newcomer watches. */
export function table(board: Board, expected: readonly string[], seconds: number): string {
  const header = COLUMNS.map(([title, width]) => title.padEnd(width)).join(' ');
  const rows = expected.map((exchange) => row(exchange, board.markets.get(exchange), seconds));
  return [header, '-'.repeat(header.length), ...rows].join('\n');
}

function row(exchange: string, market: MarketBoard | undefined, seconds: number): string {
  const cells = market ? cellsOf(market, seconds) : [exchange, 'connecting ...'];
  return cells.map((cell, i) => cell.slice(0, COLUMNS[i]?.[1]).padEnd(COLUMNS[i]?.[1] ?? 0)).join(' ');
}

function cellsOf(market: MarketBoard, seconds: number): string[] {
  const { shown, candle } = market;
  return [
    market.exchange,
    shown?.symbol ?? '',
    shown?.price ?? '',
    shown?.hasBook ? shown.bestBid : '',
    shown?.hasBook ? shown.bestAsk : '',
    String(market.symbols.size),
    (market.updates / Math.max(1, seconds)).toFixed(0),
    candle ? `${candle.interval} ${candle.open} > ${candle.close}` : '',
    String(market.closedCandles),
  ];
}

export function summary(
  board: Board,
  expected: readonly string[],
  seconds: number,
  [p50, p99]: readonly (number | undefined)[],
): string {
  const lines = expected.map((exchange) => {
    const market = board.markets.get(exchange);
    const updates = market?.updates ?? 0;
    return (
      `  ${exchange.padEnd(14)} ${String(updates).padStart(9)} updates ${(updates / seconds).toFixed(0).padStart(6)}/s` +
      ` ${String(market?.symbols.size ?? 0).padStart(6)} symbols` +
      ` ${String(market?.openFrames ?? 0).padStart(5)} open and ${market?.closedCandles ?? 0} closed candles`
    );
  });
  const ms = (value: number | undefined): string =>
    value === undefined ? 'unknown' : `${value.toFixed(2)} ms`;
  return [
    `Summary of ${seconds.toFixed(0)} s`,
    ...lines,
    `  socket to publish: p50 ${ms(p50)}, p99 ${ms(p99)}`,
  ].join('\n');
}
