import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { SimulatorSettings } from '../../src/simulator';
import type { Env, Usage } from './child';
import { end, lineOf, pause, startNode, usageOf } from './child';
import { VenueControl } from './venue-control';

export const ROOT = join(__dirname, '../..');
export const TSX = ['--import', 'tsx'];

/** A simulator in a process of its own. */
export class Venues {
  private constructor(
    private readonly process: ChildProcess,
    /** Value for VENUE_ENDPOINTS. */
    readonly endpoints: string,
    readonly control: VenueControl,
  ) {}

  static async start(settings: SimulatorSettings): Promise<Venues> {
    const child = startNode([...TSX, join(__dirname, 'simulator.ts'), JSON.stringify(settings)], {});
    const endpoints = (await lineOf(child, /^VENUE_ENDPOINTS=/)).slice('VENUE_ENDPOINTS='.length);
    const host = /=ws:\/\/([^/,]+)/.exec(endpoints)?.[1] ?? '';
    return new Venues(child, endpoints, new VenueControl(`http://${host}/__sim`));
  }

  /** Where a production origin is served here. */
  originOf(production: string): string {
    const entry = this.endpoints.split(',').find((one) => one.startsWith(`${production}=`));
    if (entry === undefined) throw new Error(`the simulator does not serve ${production}`);
    return entry.slice(production.length + 1);
  }

  stop(): Promise<void> {
    return end(this.process);
  }
}

/** What the process says of its own work; ticker channel only. */
export interface Counts {
  /** Ticker updates decoded, by exchange. */
  readonly decoded: ReadonlyMap<string, number>;
  readonly decodedTotal: number;
  /** Topics asked for and not yet answered. */
  readonly pendingTopics: number;
}

/** The built `yarn price`. */
export class PriceProcess {
  private constructor(
    private readonly process: ChildProcess,
    private readonly port: number,
  ) {}

  static async start(env: Env, endpoints: string, more: Env = {}): Promise<PriceProcess> {
    const port = await freePort();
    const child = startNode([...profiling(), join(ROOT, 'dist/price.js')], {
      ...env,
      VENUE_ENDPOINTS: endpoints,
      EXCHANGE_SERVICE_API_URL: '',
      HEALTH_HOST: '127.0.0.1',
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'error',
      ...more,
    });
    child.stdout?.pipe(process.stderr);
    return new PriceProcess(child, port);
  }

  usage(): Usage {
    return usageOf(this.process);
  }

  /** Resolves once these exchanges have ticked and no topic waits for its answer. */
  async settled(exchanges: readonly string[], limitMs = 60_000): Promise<void> {
    const until = performance.now() + limitMs;
    for (;;) {
      const { decoded, pendingTopics } = await this.counts();
      if (pendingTopics === 0 && exchanges.every((exchange) => (decoded.get(exchange) ?? 0) > 0)) return;
      if (performance.now() > until) throw new Error(`no tickers of all of ${exchanges.join(', ')}`);
      await pause(250);
    }
  }

  async counts(): Promise<Counts> {
    const text = await this.metrics();
    const decoded = new Map<string, number>();
    let pendingTopics = 0;
    for (const [, name, labels = '', value] of text.matchAll(/^(\w+)\{([^}]*)\} (\S+)/gm)) {
      if (!labels.includes('channel="ticker"')) continue;
      const exchange = /exchange="(\w+)"/.exec(labels)?.[1] ?? '';
      if (name === 'connector_events_total') decoded.set(exchange, Number(value));
      if (name === 'connector_topics' && /state="(?:wanted|pending)"/.test(labels))
        pendingTopics += Number(value);
    }
    const decodedTotal = [...decoded.values()].reduce((sum, one) => sum + one, 0);
    return { decoded, decodedTotal, pendingTopics };
  }

  stop(): Promise<void> {
    return end(this.process);
  }

  /** Empty while the process is still starting. */
  private async metrics(): Promise<string> {
    try {
      return await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    } catch (error) {
      if (error instanceof TypeError) return '';
      throw error;
    }
  }
}

/** What any connector must do, and nothing else: a program of this folder, told by the environment what to read. */
export function startFloor(
  program: 'floor.ts' | 'candle-floor.ts' | 'order-floor.ts',
  env: Env,
): ChildProcess {
  return startNode([...profiling(), ...TSX, join(__dirname, program)], env);
}

/** `BENCH_PROFILE=<folder>`: CPU profiles of every thread of the measured process are left there. */
function profiling(): readonly string[] {
  const folder = process.env['BENCH_PROFILE'];
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : [];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}
