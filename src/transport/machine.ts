/**
 * The life of one connection as a pure function: (state, input) -> [state, effects]. No timer, no
 * socket, no random: `feed.ts` performs the effects and reports what happened.
 */
import type { Refusal } from '../venues/contract';

export type StateName =
  'idle' | 'dialing' | 'loggingIn' | 'subscribing' | 'live' | 'waiting' | 'blocked' | 'closed';

export interface LinkState {
  readonly name: StateName;
  /** Number of the current dial. Callbacks of older dials are dropped by their epoch. */
  readonly epoch: number;
  /** Failed attempts in a row; falls to zero only after data has flowed for a while. */
  readonly attempt: number;
  /** Monotonic ms at which the state was entered; of `live` also the time of its resubscribe. */
  readonly since: number;
  /** Whether a silence was already answered by one resubscribe in this session. */
  readonly resubscribed: boolean;
  /** Whether a session of this link was ever live. */
  readonly wasLive: boolean;
}

export type LinkInput =
  | { readonly type: 'start' | 'timer' | 'credentials' | 'stop' }
  | { readonly type: 'opened' | 'loggedIn' | 'ready' }
  /** New data came in the last second; or none for longer than the feed's rhythm allows. */
  | { readonly type: 'data' | 'silent' }
  | { readonly type: 'loginRefused'; readonly reason: Refusal }
  /** The dial failed or the connection ended. `notBeforeMs`: the venue's Retry-After. */
  | { readonly type: 'lost'; readonly reason: string; readonly notBeforeMs?: number };

export type LinkEffect =
  | { readonly do: 'dial'; readonly epoch: number }
  | { readonly do: 'login' | 'subscribe' | 'resubscribe' }
  /** Refused credentials: no dial until `credentials` or the breaker's `timer`. */
  | { readonly do: 'block'; readonly reason: Refusal }
  /** The session is live; `isReturn` after an earlier one: events may have been missed. */
  | { readonly do: 'announceLive'; readonly isReturn: boolean }
  /** Ends the socket, if any. */
  | { readonly do: 'hangUp'; readonly reason: string }
  /** Waits `notBeforeMs`, then the jittered backoff of `attempt`. */
  | { readonly do: 'wait'; readonly attempt: number; readonly notBeforeMs: number };

export interface LinkRulesOfMachine {
  readonly needsLogin: boolean;
  /** Data must have flowed this long (ms) before old failures are forgotten. */
  readonly settledAfterMs: number;
}

export type Step = readonly [LinkState, readonly LinkEffect[]];

export const initialLink: LinkState = {
  name: 'idle',
  epoch: 0,
  attempt: 0,
  since: 0,
  resubscribed: false,
  wasLive: false,
};

const hasSocket: Readonly<Record<StateName, boolean>> = {
  idle: false,
  dialing: true,
  loggingIn: true,
  subscribing: true,
  live: true,
  waiting: false,
  blocked: false,
  closed: false,
};

export function advance(state: LinkState, input: LinkInput, now: number, rules: LinkRulesOfMachine): Step {
  if (state.name === 'closed') return [state, []];
  switch (input.type) {
    case 'stop':
      return [enter(state, 'closed', now), [{ do: 'hangUp', reason: 'stopped' }]];
    case 'start':
      return state.name === 'idle' ? dial(state, now) : [state, []];
    case 'timer':
      return state.name === 'waiting' || state.name === 'blocked' ? dial(state, now) : [state, []];
    case 'credentials':
      return state.name === 'blocked' ? dial({ ...state, attempt: 0 }, now) : [state, []];
    case 'lost':
      return hasSocket[state.name] ? retreat(state, input.reason, input.notBeforeMs ?? 0, now) : [state, []];
    default:
      return withinSession(state, input, now, rules);
  }
}

function withinSession(
  state: LinkState,
  input: Exclude<LinkInput, { type: 'start' | 'timer' | 'credentials' | 'stop' | 'lost' }>,
  now: number,
  rules: LinkRulesOfMachine,
): Step {
  switch (input.type) {
    case 'opened':
      if (state.name !== 'dialing') return [state, []];
      return rules.needsLogin
        ? [enter(state, 'loggingIn', now), [{ do: 'login' }]]
        : [enter(state, 'subscribing', now), [{ do: 'subscribe' }]];
    case 'loggedIn':
      if (state.name !== 'loggingIn') return [state, []];
      return [enter(state, 'subscribing', now), [{ do: 'subscribe' }]];
    case 'loginRefused':
      return refuseLogin(state, input.reason, now);
    case 'ready':
      if (state.name !== 'subscribing') return [state, []];
      return [
        { ...enter(state, 'live', now), resubscribed: false, wasLive: true },
        [{ do: 'announceLive', isReturn: state.wasLive }],
      ];
    case 'data':
      return settle(state, now, rules);
    case 'silent':
      return answerSilence(state, now);
  }
}

function dial(state: LinkState, now: number): Step {
  const next = { ...enter(state, 'dialing', now), epoch: state.epoch + 1 };
  return [next, [{ do: 'dial', epoch: next.epoch }]];
}

/** Every failure goes this way: hang up, wait with backoff, dial again. For ever: venues come back. */
function retreat(state: LinkState, reason: string, notBeforeMs: number, now: number): Step {
  return [
    { ...enter(state, 'waiting', now), attempt: state.attempt + 1 },
    [
      { do: 'hangUp', reason },
      { do: 'wait', attempt: state.attempt, notBeforeMs },
    ],
  ];
}

function refuseLogin(state: LinkState, reason: Refusal, now: number): Step {
  if (!hasSocket[state.name]) return [state, []];
  if (reason.retry === 'never') {
    return [
      enter(state, 'blocked', now),
      [
        { do: 'hangUp', reason: 'login refused' },
        { do: 'block', reason },
      ],
    ];
  }
  return retreat(state, 'login failed', reason.retry === 'backoff' ? 0 : reason.retry.afterMs, now);
}

/**
 * Only data that still comes after a while counts: an accepted socket, an ack or the burst after a
 * subscribe would reset the backoff of a venue that fails again at once.
 */
function settle(state: LinkState, now: number, rules: LinkRulesOfMachine): Step {
  const isSettled = state.name === 'live' && now - state.since >= rules.settledAfterMs;
  if (!isSettled || (state.attempt === 0 && !state.resubscribed)) return [state, []];
  return [{ ...state, attempt: 0, resubscribed: false }, []];
}

/** A deaf connection gets one resubscribe; if that brings no data, it is replaced. */
function answerSilence(state: LinkState, now: number): Step {
  if (state.name !== 'live') return [state, []];
  if (state.resubscribed) return retreat(state, 'silent', 0, now);
  return [{ ...state, since: now, resubscribed: true }, [{ do: 'resubscribe' }]];
}

function enter(state: LinkState, name: StateName, now: number): LinkState {
  return { ...state, name, since: now };
}
