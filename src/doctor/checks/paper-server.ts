import { dial } from '../../transport/socket';
import type { Clock } from '../../domain/time';
import { failureAdvice, failureText } from '../../probe/advice';
import { reach, targetOf } from '../../probe/reach';
import type { Check, Finding } from '../check';
import { ok, warn } from '../check';

const REACH_MS = 5_000;
const HANDSHAKE_MS = 5_000;
const MAX_FRAME_BYTES = 1 << 20;
/** First frame of an engine.io 4 server: its handshake. */
const GREETING = /^0\{.*"sid"/;
const CONSEQUENCE = 'only paper trading needs it';

/** Not there is no failure: real accounts do without. */
export function paperServer(url: string, clock: Clock): Check {
  return { name: 'paper server', run: () => look(url, clock) };
}

async function look(url: string, clock: Clock): Promise<Finding> {
  const target = targetOf(url);
  const reached = await reach(target, clock, REACH_MS);
  if (!reached.isReached) {
    return warn(failureText(target, reached), `${failureAdvice(reached)}; see PAPER_WS; ${CONSEQUENCE}`);
  }
  const first = await firstFrame(`${url}/socket.io/?EIO=4&transport=websocket`, clock);
  if (GREETING.test(first)) return ok(`${url} greets as a socket.io server`);
  return warn(
    `${url} answers, but not as the paper server does (${first.slice(0, 60)})`,
    `correct PAPER_WS; ${CONSEQUENCE}`,
  );
}

/** The first frame, or in brackets why there is none. */
function firstFrame(url: string, clock: Clock): Promise<string> {
  return new Promise((resolve) => {
    const timer = clock.after(HANDSHAKE_MS, () => done('no greeting'));
    const socket = dial(
      {
        url,
        handshakeTimeoutMs: HANDSHAKE_MS,
        frameBytes: MAX_FRAME_BYTES,
        maxBufferedBytes: MAX_FRAME_BYTES,
      },
      {
        onOpen: () => undefined,
        onSignal: () => undefined,
        onFrame: (frame) => done(frame),
        onEnd: ({ reason }) => done(reason),
      },
      clock,
    );
    const done = (told: string): void => {
      clock.cancel(timer);
      socket.hangUp();
      resolve(told);
    };
  });
}
