import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Env } from './child';
import { end, startNode } from './child';
import { TSX } from './stage';
import type { SubscriberReport } from './subscriber';

/** `subscriber.ts`, asked over IPC. */
export class TickerSubscriber {
  private asked = 0;

  private constructor(private readonly process: ChildProcess) {}

  static async start(env: Env): Promise<TickerSubscriber> {
    const child = startNode([...TSX, join(__dirname, 'subscriber.ts')], env, true);
    const subscriber = new TickerSubscriber(child);
    await subscriber.answer('ready');
    return subscriber;
  }

  /** What came since the last call. */
  take(): Promise<SubscriberReport> {
    const id = String((this.asked += 1));
    this.process.send(id);
    return this.answer(id);
  }

  stop(): Promise<void> {
    return end(this.process);
  }

  private answer(id: string): Promise<SubscriberReport> {
    return new Promise((resolve) => {
      const listener = (message: unknown): void => {
        const report = message as SubscriberReport & { readonly id: string };
        if (report.id !== id) return;
        this.process.off('message', listener);
        resolve(report);
      };
      this.process.on('message', listener);
    });
  }
}
