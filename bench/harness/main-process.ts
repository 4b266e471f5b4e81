/** The built `yarn main`, and what can be seen of it from outside. */
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { descriptorsOf, end, lineOf, startNode, usageOf, type Env, type Usage } from './child';
import { freePort, ROOT } from './stage';

/** As the script `main` starts it. */
const MEMORY_FLAGS = ['--max-semi-space-size=2', '--heap-growing-percent=15'];

/** What must not grow with the number of reconnects. */
export interface Holdings {
  readonly rssMb: number;
  readonly descriptors: number;
  readonly sockets: number;
  readonly timers: number;
}

export class MainProcess {
  private constructor(
    readonly child: ChildProcess,
    private readonly port: number,
  ) {}

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
    child.stdout?.resume();
    return new MainProcess(child, port);
  }

  usage(): Usage {
    return usageOf(this.child);
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
