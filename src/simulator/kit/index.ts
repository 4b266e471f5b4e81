/**
 * The kit that venue simulators are built from. It knows no venue.
 *
 * A venue simulator is one function `(host: VenueHost) => VenueSimulator` that
 *  1. makes a `MarketModel` per exchange id: symbols in, deterministic tickers and candles out;
 *  2. registers its production origins with `host.server.add({ url, ws, http, limits, heartbeat, .. })`;
 *     the answer, a `SimOrigin`, is where data goes out: `origin.publish(topic, frame)`;
 *  3. starts its timers on `host.clock` (real time: push periods) and stops them in `stop()`.
 *
 * A WS route gets a `SimConnection` and returns a `WsSession { onText, onClose? }`. In it:
 *  - `connection.request(n)`: first thing for each subscribe / unsubscribe request of n topics; answers
 *    the broken limit, if any (already recorded), for which the venue's error frame is due;
 *  - `connection.subscribe(topic)`: `ok | duplicate | full | refused`, limits recorded;
 *    `{ hear: false }` for a topic that is accepted and stays silent;
 *  - `connection.answer(frame)` for acks and errors, `push(frame)` for data, `control(frame)` for
 *    welcome and pong frames: the three differ in which faults hold them back;
 *  - `connection.violation(rule, detail)` for whatever else the client does wrong.
 * Frame rates, frame size, heartbeat, age and dial limits of the OriginSpec are enforced by the kit,
 * which records the violation and calls `onViolation` (default: close 1008).
 *
 * Candles: `model.watch(symbol, interval)` on subscription, `model.candle()` for each push of the
 * forming bar, `model.onClosed(candle => ..)` for the one closing frame (the ledger is kept by the
 * model), `model.history()` for REST.
 *
 * Accounts: `host.accounts` (see `AccountBook`) holds credentials, orders and balances of every account.
 * The private side of a venue checks what clients send against it and turns its changes into frames.
 *
 * Clocks: `host.clock` is real time, `host.venueClock` what the venue believes (see `warpClock`): event
 * times, bar times, server time. Limits and periods are real time.
 *
 * Production URLs reach the simulator by origin: `server.overrides()` is the value of VENUE_ENDPOINTS,
 * `server.urlOf('wss://stream.binance.com:9443/ws')` the same for a raw client.
 */
export { SimAccount, type AccountSpec, type FillOptions } from './account';
export { AccountBook, type BalanceChange, type OrderChange } from './accounts';
export { systemClock, warpClock, type VenueClock } from './clock';
export { SimConnection, type Handshake } from './connection';
export { order } from './control';
export { compare, difference, product, quotient, sum } from './exact';
export { FaultBoard, type Faults, type RefusalFault, type Target } from './faults';
export { fixedText, fixedUnits } from './fixed';
export { VenueHost, type VenueSimulator } from './host';
export { Ledger, type LedgerCandle, type LedgerEntry, type LedgerOrder } from './ledger';
export { startLoad, type LoadOptions, type LoadRun } from './load';
export { MarketModel, type HistoryQuery, type MarketOptions } from './market';
export type { SimCandle } from './bars';
export type { SimTicker } from './ticker';
export type { SymbolSpec } from './symbol';
export { isOpen, type OrderRequest, type SimFill, type SimOrder, type SimOrderStatus } from './order';
export { SimOrigin, type OriginStats } from './origin';
export { SimServer, type DropOrder } from './server';
export type {
  Heard,
  Heartbeat,
  HttpRoute,
  Limits,
  OriginSpec,
  Rate,
  SimAnswer,
  SimRequest,
  WsRoute,
  WsSession,
} from './types';
export type { SimBalance } from './wallet';
export { ViolationLog, WindowLimit, type Rule, type Violation } from './violations';
