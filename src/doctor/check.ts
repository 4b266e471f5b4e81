/** What a check says. `warn`: it works, but not as it should; `skip`: there was nothing to look at. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skip';

export interface Finding {
  readonly verdict: Verdict;
  /** What was seen; never a secret. */
  readonly saw: string;
  /** What an operator does about it. */
  readonly todo?: string;
}

/** One question about the surroundings. Looks only: nothing is created or changed that anybody else could see. */
export interface Check {
  readonly name: string;
  /** Name of the check without whose success this one makes no sense. */
  readonly needs?: string;
  /** Default 15,000. */
  readonly limitMs?: number;
  run(): Promise<Finding>;
}

export interface Result extends Finding {
  readonly name: string;
  readonly tookMs: number;
}

export function ok(saw: string): Finding {
  return { verdict: 'ok', saw };
}

export function warn(saw: string, todo: string): Finding {
  return { verdict: 'warn', saw, todo };
}

export function fail(saw: string, todo: string): Finding {
  return { verdict: 'fail', saw, todo };
}

export function skip(saw: string): Finding {
  return { verdict: 'skip', saw };
}
