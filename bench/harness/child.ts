import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Clock ticks of /proc/<pid>/stat per second; fixed on Linux for every architecture. */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4_096;

export type Env = Readonly<Record<string, string>>;

export function startNode(args: readonly string[], env: Env, withIpc = false): ChildProcess {
  return spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit', ...(withIpc ? (['ipc'] as const) : [])],
  });
}

export interface Usage {
  /** User and system time of all threads since the start, in ms. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

/** What the kernel says of a process. Linux only: nobody else counts threads and system time together. */
export function usageOf({ pid }: ChildProcess): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name in brackets may hold blanks: fields are counted from behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return { cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, rssBytes: Number(fields[21]) * PAGE_BYTES };
}

/** Open sockets, files and the like. */
export function descriptorsOf({ pid }: ChildProcess): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Resolves with the first output line that `pattern` matches; rejects when the process ends before. */
export function lineOf(child: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    child.once('exit', (code) => reject(new Error(`process ended with ${code} before it said ${pattern}`)));
    child.stdout?.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-1_000_000);
      const line = text.split('\n').find((one) => pattern.test(one));
      if (line !== undefined) resolve(line);
    });
  });
}

export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
