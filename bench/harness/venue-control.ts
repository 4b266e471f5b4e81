/** The simulator in another process, over its control port. */
export interface LedgerEntry {
  readonly kind: string;
  readonly exchange: string;
  readonly symbol: string;
  readonly interval: string;
  readonly start: number;
  readonly close: string;
  readonly volume: string;
}

export class VenueControl {
  constructor(private readonly base: string) {}

  /** Origins of one venue, by its name in the host. */
  async originsOf(venue: string): Promise<readonly string[]> {
    const stats = (await this.get('/stats')) as Record<string, unknown>;
    return Object.keys(stats).filter((origin) => origin.includes(venue));
  }

  async faults(origins: readonly string[], faults: object): Promise<void> {
    for (const origin of origins) await this.post('/faults', { target: { origin }, faults });
  }

  async clear(origins: readonly string[]): Promise<void> {
    for (const origin of origins) await this.post('/faults', { target: { origin }, clear: true });
  }

  async drop(origins: readonly string[]): Promise<void> {
    for (const origin of origins) await this.post('/drop', { origin });
  }

  async violations(): Promise<readonly unknown[]> {
    return ((await this.get('/violations')) as { violations: unknown[] }).violations;
  }

  async ledger(): Promise<readonly LedgerEntry[]> {
    const { entries } = (await this.get('/ledger')) as { entries: LedgerEntry[] };
    return entries.filter(({ kind }) => kind === 'candle');
  }

  /** Ticker updates of one market per second, 0 to end it. Returns the updates offered so far. */
  async load(exchange: string, tickersPerSecond: number, tickersPerFrame = 1): Promise<number> {
    const { sent } = (await this.post('/load', { exchange, tickersPerSecond, tickersPerFrame })) as {
      sent: number;
    };
    return sent;
  }

  /** Updates offered so far by every running load. */
  async offered(): Promise<Readonly<Record<string, number>>> {
    return (await this.get('/load')) as Record<string, number>;
  }

  /** Frames that were not sent because the client read too slowly. */
  async skipped(): Promise<number> {
    const stats = (await this.get('/stats')) as Record<string, { readonly skipped: number }>;
    return Object.values(stats).reduce((sum, { skipped }) => sum + skipped, 0);
  }

  private async get(path: string): Promise<unknown> {
    return (await fetch(`${this.base}${path}`)).json();
  }

  private async post(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.base}${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
    return response.json();
  }
}
