import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Env } from './child';
import { end, startNode } from './child';
import { TSX } from './stage';
import type { LatencyReport } from './latency-probe';
import type { SubscriberReport } from './subscriber';

interface Reports {
  'subscriber.ts': SubscriberReport;
  'latency-probe.ts': LatencyReport;
}

/** An observer in a process of its own, so that nothing else delays what it sees; asked over IPC. */
export class Reporter<Program extends keyof Reports> {
  private asked = 0;

  private constructor(private readonly process: ChildProcess) {}

  static async start<Program extends keyof Reports>(program: Program, env: Env): Promise<Reporter<Program>> {
    const child = startNode([...TSX, join(__dirname, program)], env, true);
    const reporter = new Reporter<Program>(child);
    await reporter.answer('ready');
    return reporter;
  }

  /** What came since the last call. */
  take(): Promise<Reports[Program]> {
    const id = String((this.asked += 1));
    this.process.send(id);
    return this.answer(id);
  }

  stop(): Promise<void> {
    return end(this.process);
  }

  private answer(id: string): Promise<Reports[Program]> {
    return new Promise((resolve) => {
      const listener = (message: unknown): void => {
        const report = message as Reports[Program] & { readonly id: string };
        if (report.id !== id) return;
        this.process.off('message', listener);
        resolve(report);
      };
      this.process.on('message', listener);
    });
  }
}
