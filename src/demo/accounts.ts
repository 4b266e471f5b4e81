import { MemoryBroker } from '../bus/memory';
import type { PublishedAccountEvent } from '../bus/user-publisher';
import { loadConfig } from '../config';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Random } from '../domain/time';
import type { Simulator } from '../simulator';
import { startSimulator } from '../simulator';
import type { SimAccount } from '../simulator/kit';
import { MemoryStore } from '../store/memory';
import Connector from '../userStream';

export interface DemoDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
}

interface DemoAccount {
  readonly exchange: string;
  readonly symbol: string;
  readonly quantity: string;
  readonly parts: readonly [string, string];
}

/** One paper account, and one of a simulated live venue. */
const ACCOUNTS: readonly DemoAccount[] = [
  { exchange: 'paperBinance', symbol: 'BTCUSDT', quantity: '0.3', parts: ['0.1', '0.2'] },
  { exchange: 'bybitLinear', symbol: 'BTCUSDT', quantity: '0.05', parts: ['0.02', '0.03'] },
];
const VENUES = ['paper', 'bybit'];
const PRICE = '60000';
const STEP_MS = 700;
const SHOWN = 6;

/** Accounts that trade by themselves, through the real account connector: what came of it, newest last. */
export class AccountsDemo {
  readonly lines: string[] = [];
  /** Order events by exchange. */
  readonly told = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private step = 0;

  private constructor(
    private readonly simulator: Simulator,
    private readonly connector: Connector,
    private readonly accounts: readonly (readonly [DemoAccount, SimAccount])[],
  ) {
    connector.on('executionReport', (event, room) => this.heard(event, room));
    this.timer = setInterval(() => this.trade(), STEP_MS);
  }

  static async start(deps: DemoDeps): Promise<AccountsDemo> {
    // Venue time as it is: signatures of accounts carry it.
    const simulator = await startSimulator({ venues: VENUES, symbols: 4 });
    const connector = new Connector({
      ...deps,
      broker: new MemoryBroker(deps),
      store: new MemoryStore(deps.clock),
      config: loadConfig({
        RABBIT_PASSWORD: 'unused: the demo has no broker',
        EXCHANGE_SERVICE_API_URL: '',
        VENUE_ENDPOINTS: simulator.overrides(),
      }),
    });
    const accounts = ACCOUNTS.map((one) => {
      const keys = { key: `demo-${one.exchange}`, secret: 'demo' };
      const account = simulator.accounts.addAccount({ exchange: one.exchange, ...keys });
      const api = { ...keys, passphrase: '', provider: one.exchange, environment: 'live' as const };
      connector.openStream({ userId: 'demo', api }, one.exchange);
      return [one, account] as const;
    });
    await connector.started;
    return new AccountsDemo(simulator, connector, accounts);
  }

  /** Accounts that never told anything. */
  get silent(): readonly string[] {
    return ACCOUNTS.map(({ exchange }) => exchange).filter((exchange) => !this.told.has(exchange));
  }

  get violations(): number {
    return this.simulator.violations().length;
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.connector.stop();
    await this.simulator.close();
  }

  /** Placed, filled in two parts; every fourth order is cancelled half-way. */
  private trade(): void {
    this.step += 1;
    for (const [{ symbol, quantity, parts }, account] of this.accounts) {
      const [open] = account.openOrders();
      if (!open) account.place({ symbol, side: 'BUY', type: 'LIMIT', price: PRICE, quantity });
      else if (open.filled === '0') account.fill(open.orderId, parts[0], { price: PRICE });
      else if (this.step % 4 === 0) account.cancel(open.orderId);
      else account.fill(open.orderId, parts[1], { price: PRICE });
    }
  }

  private heard(event: PublishedAccountEvent, room: string): void {
    const { orderStatus, symbol, side, quantity, totalTradeQuantity } = event;
    this.told.set(room, (this.told.get(room) ?? 0) + 1);
    const text = [side, quantity, symbol, orderStatus].map(String).join(' ');
    this.lines.push(`${room.padEnd(14)} ${text}, ${String(totalTradeQuantity)} filled`);
    if (this.lines.length > SHOWN) this.lines.shift();
  }
}
