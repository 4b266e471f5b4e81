// Outlives the script that started it by a moment, to clean up after it: when its stdin closes, which also happens
// when that script crashes or is killed with SIGKILL, it ends the process groups and removes the paths it was told of.
import { rm } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GROUP_END_LIMIT_MS = 1000;
const POLL_MS = 20;

const groups = new Set();
const paths = new Set();

function signal(group, name) {
  try {
    process.kill(-group, name);
    return true;
  } catch (error) {
    if (error.code === 'ESRCH') return false;
    throw error;
  }
}

// The data of these servers is thrown away, so nothing is gained by asking them to end in order.
async function end(group) {
  const deadline = Date.now() + GROUP_END_LIMIT_MS;
  while (signal(group, 'SIGKILL')) {
    // A zombie that nobody reaps (a container without init) still counts as a member of its group.
    if (Date.now() > deadline) return;
    await sleep(POLL_MS);
  }
}

const actions = {
  addGroup: (group) => groups.add(group),
  addPath: (path) => paths.add(path),
  dropPath: (path) => paths.delete(path),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { action, value } = JSON.parse(line);
  actions[action](value);
}
await Promise.all([...groups].map(end));
for (const path of paths) await rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
