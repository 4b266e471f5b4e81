/** The built `yarn main`, and what can be seen of it from outside. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { descriptorsOf, end, lineOf, startNode, usageOf, type Env, type Usage } from './child';
import { freePort, ROOT } from './stage';

/** As the script `main` starts it. */
const MEMORY_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=15'];

interface GapClosed {
  readonly reason?: string;
  readonly tookMs?: number;
}

const NOTHING: GapClosed = {};

/** What must not grow with the number of reconnects. */
export interface Holdings {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly sockets: number;
  readonly timers: number;
}

export class MainProcess {
  /** How long each look after a gap took since the stream was live again, in ms; read from the log. */
  private looks: number[] = [];

  private constructor(
    readonly child: ChildProcess,
    private readonly port: number,
  ) {
    if (!child.stdout) throw new Error('no output of the process');
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { reason, tookMs } = line.includes('gap closed') ? (JSON.parse(line) as GapClosed) : NOTHING;
      if (reason !== 'audit' && tookMs !== undefined) this.looks.push(tookMs);
    });
  }

  static async start(env: Env, endpoints: string, more: Env = {}): Promise<MainProcess> {
    const port = await freePort();
    const child = startNode([...MEMORY_FLAGS, join(ROOT, 'dist/main.js')], {
      ...env,
      VENUE_ENDPOINTS: endpoints,
      EXCHANGE_SERVICE_API_URL: '',
      HEALTH_HOST: '127.0.0.1',
      HEALTH_PORT: String(port),
      LOG_LEVEL: 'info',
      USER_STREAM_AUDIT_MS: '0',
      ...more,
    });
    await lineOf(child, /user stream connector starts/);
    return new MainProcess(child, port);
  }

  usage(): Usage {
    return usageOf(this.child);
  }

  takeLooks(): readonly number[] {
    const taken = this.looks;
    this.looks = [];
    return taken;
  }

  async holdings(): Promise<Holdings> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    const active = (type: string): number =>
      Number(new RegExp(`^nodejs_active_resources\\{type="${type}"\\} (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return {
      rssMb: Math.round(this.usage().rssBytes / 2 ** 20),
      descriptors: descriptorsOf(this.child),
      sockets: active('TCPSocketWrap'),
      timers: active('Timeout'),
    };
  }

  stop(): Promise<void> {
    return end(this.child);
  }

  /** No farewell, as after an out-of-memory kill. */
  async kill(): Promise<void> {
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }
}
