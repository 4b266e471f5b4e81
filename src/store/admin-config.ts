import { z } from 'zod';
import { errorText } from '../domain/errors';
import type { ExchangeId } from '../domain/exchange';
import type { Telemetry } from '../domain/telemetry';
import type { Clock, Timer } from '../domain/time';
import type { Store } from './ports';

const Enabled = z.array(z.string());

export interface AdminConfigKeys {
  readonly enabledExchanges: string;
  readonly changes: string;
}

/**
 * The operator's list of enabled exchanges (contract 2.7): read at start, on every change message and
 * periodically. `undefined` = no list, everything is enabled. A list that cannot be read changes nothing.
 */
export class AdminConfig {
  private timer: Timer | undefined;
  private current: string | undefined;
  private isFirst = true;

  constructor(
    private readonly store: Store,
    private readonly keys: AdminConfigKeys,
    private readonly refreshMs: number,
    private readonly deps: { readonly clock: Clock; readonly telemetry: Telemetry },
    private readonly onChange: (enabled: ReadonlySet<ExchangeId> | undefined) => void,
  ) {}

  /** Resolves after the first read, or its failure: `onChange` has been called where it succeeded. */
  async start(): Promise<void> {
    this.timer = this.deps.clock.every(this.refreshMs, () => void this.read());
    await this.read();
    this.store
      .subscribe(this.keys.changes, () => void this.read())
      .catch((error: unknown) => this.warn(error, 'admin config changes not subscribed; polling goes on'));
  }

  stop(): void {
    this.deps.clock.cancel(this.timer);
  }

  private async read(): Promise<void> {
    try {
      const text = await this.store.get(this.keys.enabledExchanges);
      if (!this.isFirst && text === this.current) return;
      const enabled = text === undefined ? undefined : new Set(Enabled.parse(JSON.parse(text)));
      this.isFirst = false;
      this.current = text;
      this.onChange(enabled);
    } catch (error) {
      this.warn(error, 'admin config not read');
    }
  }

  private warn(error: unknown, message: string): void {
    this.deps.telemetry.log.warn({ error: errorText(error) }, message);
  }
}
