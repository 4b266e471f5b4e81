import { createHash } from 'node:crypto';
import { errorText } from '../domain/errors';
import type { Log } from '../domain/telemetry';
import type { ConsumeSpec, IncomingMessage, Verdict } from './ports';

/** Contract 1: larger bodies are nothing of ours. */
const MAX_BODY_BYTES = 1_048_576;

export interface Judgement {
  /** Absent: the handler failed. */
  readonly verdict?: Verdict;
  readonly outcome: 'done' | 'dead_letter' | 'failed';
}

/** What becomes of a message. Never rejects: a handler that throws costs its message, not the queue. */
export async function judge(spec: ConsumeSpec, message: IncomingMessage, log: Log): Promise<Judgement> {
  if (message.body.length > MAX_BODY_BYTES) {
    return { verdict: { kind: 'dead-letter', reason: 'body too large' }, outcome: 'dead_letter' };
  }
  try {
    const verdict = await spec.handle(message);
    return { verdict, outcome: verdict.kind === 'done' ? 'done' : 'dead_letter' };
  } catch (error) {
    log.error({ error: errorText(error) }, 'message handler failed; the message is dropped');
    return { outcome: 'failed' };
  }
}

/** Contract 1.2: `{"response":R|null}`. */
export function replyBody(verdict: Verdict | undefined): string {
  return JSON.stringify({ response: verdict?.kind === 'done' ? (verdict.reply ?? null) : null });
}

export interface DeadLetter {
  readonly reason: string;
  readonly queue: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Epoch ms. */
  readonly time: number;
}

/** The body may hold credentials: the copy for the operator identifies it without holding it. */
export function deadLetter(queue: string, body: Buffer, reason: string, time: number): DeadLetter {
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { reason, queue, bytes: body.length, sha256, time };
}
