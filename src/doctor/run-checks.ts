import { errorText } from '../domain/errors';
import type { Clock } from '../domain/time';
import { scrubText } from '../ops/scrub';
import type { Check, Finding, Result } from './check';
import { fail, skip } from './check';

const LIMIT_MS = 15_000;

/**
 * Runs all checks at once, each no longer than its limit; one that needs another waits for it. Results are told,
 * and returned, in the order of the checks.
 */
export async function runChecks(
  checks: readonly Check[],
  clock: Clock,
  onResult: (result: Result) => void = () => undefined,
): Promise<readonly Result[]> {
  const running = new Map<string, Promise<Result>>();
  for (const check of checks) {
    const basis = check.needs === undefined ? undefined : running.get(check.needs);
    running.set(check.name, outcome(check, basis, clock));
  }
  const results: Result[] = [];
  for (const one of running.values()) {
    const result = await one;
    onResult(result);
    results.push(result);
  }
  return results;
}

async function outcome(check: Check, basis: Promise<Result> | undefined, clock: Clock): Promise<Result> {
  const needed = await basis;
  const startedAt = clock.monotonic();
  const isPointless = needed?.verdict === 'fail' || needed?.verdict === 'skip';
  const finding = isPointless
    ? skip(`not looked at: "${needed.name}" comes first`)
    : await bounded(check, clock);
  const { verdict, saw, todo } = finding;
  return {
    name: check.name,
    verdict,
    // Texts of servers and libraries pass through here: belt and braces.
    saw: scrubText(saw),
    ...(todo !== undefined && { todo: scrubText(todo) }),
    tookMs: Math.round(clock.monotonic() - startedAt),
  };
}

async function bounded(check: Check, clock: Clock): Promise<Finding> {
  const limitMs = check.limitMs ?? LIMIT_MS;
  let timer: ReturnType<Clock['after']> | undefined;
  const late = new Promise<Finding>((resolve) => {
    timer = clock.after(limitMs, () =>
      resolve(
        fail(`no result in ${limitMs / 1_000} s`, 'look at the server that is asked, and at the route to it'),
      ),
    );
  });
  const work = Promise.resolve()
    .then(() => check.run())
    .catch((error: unknown) =>
      fail(`the check itself failed: ${errorText(error)}`, 'report this as a defect'),
    );
  try {
    return await Promise.race([work, late]);
  } finally {
    clock.cancel(timer);
  }
}
