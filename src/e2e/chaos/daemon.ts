import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, readFileSync } from 'node:fs';

/** As its log says that it is at work. */
const AT_WORK = '"consuming"';
const POLL_MS = 50;

/** A daemon of ours as an operator runs it: a process that can be killed, frozen and started again. */
export class Daemon {
  private child: ChildProcess | undefined;
  private isWanted = false;
  private isAtWork = false;
  /** Largest resident set seen, MB. */
  mostMb = 0;

  constructor(
    private readonly entry: 'main' | 'price',
    private readonly env: Readonly<Record<string, string>>,
    private readonly logFile: string,
  ) {}

  start(): void {
    this.isWanted = true;
    const log = createWriteStream(this.logFile, { flags: 'a' });
    const child = spawn(process.execPath, ['--import', 'tsx', `src/${this.entry}.ts`], {
      env: { ...this.env, HEALTH_PORT: '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.isAtWork = false;
    child.stdout.on('data', (text: Buffer) => {
      if (this.child === child && text.includes(AT_WORK)) this.isAtWork = true;
    });
    child.stdout.pipe(log);
    child.stderr.pipe(log);
    child.once('exit', () => {
      // As a container engine does it: what ends by itself is started again.
      if (this.isWanted && this.child === child) this.start();
    });
    this.child = child;
  }

  /** As `kill -9` or a power cut: nothing is drained. It is started again at once. */
  kill(): void {
    this.isAtWork = false;
    this.child?.kill('SIGKILL');
  }

  /** A sleeping laptop: nothing runs, connections stay. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Resolves once it takes commands, again where it was killed: how long a start takes is the machine's matter. */
  async atWork(withinMs: number): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!this.isAtWork && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** MB now. */
  measure(): number {
    if (this.child?.pid === undefined || this.child.exitCode !== null) return 0;
    try {
      const status = readFileSync(`/proc/${this.child.pid}/status`, 'latin1');
      const mb = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
      this.mostMb = Math.max(this.mostMb, mb);
      return mb;
    } catch {
      // It has just ended: there is nothing to measure.
      return 0;
    }
  }

  /** Lines of its log with these words. */
  logged(words: string): number {
    return readFileSync(this.logFile, 'utf8').split(words).length - 1;
  }

  async stop(): Promise<void> {
    this.isWanted = false;
    const { child } = this;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGCONT');
    child.kill('SIGTERM');
    await ended;
  }
}
