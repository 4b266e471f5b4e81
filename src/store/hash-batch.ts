import type { Redis } from 'ioredis';
import type { BatchFailure } from './command-batch';
import { bulk, sendBatch } from './command-batch';
import type { HashChange } from './ports';

/** `settled` gets the keys whose change was refused, or broke off, and why the first of them was. */
type HashesSettled = (refused: ReadonlySet<string>, failure?: BatchFailure) => void;

const NONE: ReadonlySet<string> = new Set();

/** Changes hashes in order, with one write: their owners have hundreds of small ones. */
export function changeHashes(redis: Redis, changes: readonly HashChange[], settled: HashesSettled): void {
  let text = '';
  /** Of each command. */
  const keys: string[] = [];
  for (const change of changes) {
    for (const words of commandsOf(change)) {
      keys.push(change.key);
      text += `*${words.length}\r\n${words.map(bulk).join('')}`;
    }
  }
  if (keys.length === 0) return settled(NONE);
  sendBatch(redis, { name: 'hset', text, count: keys.length }, (failure) =>
    settled(failure ? new Set(keys.filter((_key, at) => failure.failed.has(at))) : NONE, failure),
  );
}

/** The time to live after the fields: a hash that is empty is none, and has no time to live. */
function* commandsOf({ key, remove, set, ttlMs }: HashChange): Iterable<readonly string[]> {
  if (remove.length > 0) yield ['HDEL', key, ...remove];
  if (set.length === 0) return;
  yield ['HSET', key, ...set.flat()];
  yield ['PEXPIRE', key, String(ttlMs)];
}
