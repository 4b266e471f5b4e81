// The near end of guard-process.mjs: whatever is registered here is ended or removed, however this process ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./guard-process.mjs', import.meta.url));

/**
 * Starts a guard. `release()` makes it clean up now, and resolves when all is ended and removed.
 * @returns {{addGroup(pid: number): void, addPath(path: string): void, dropPath(path: string): void, release(): Promise<void>}}
 */
export function startGuard() {
  // Detached: a Ctrl-C in the terminal must reach us and the servers' users, not the one who cleans up afterwards.
  const child = spawn(process.execPath, [PROGRAM], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(child, 'exit');
  child.stdin.on('error', (error) => console.error(`services: the clean-up guard is gone: ${error.message}`));
  const tell = (action, value) => child.stdin.write(`${JSON.stringify({ action, value })}\n`);

  return {
    addGroup: (pid) => tell('addGroup', pid),
    addPath: (path) => tell('addPath', path),
    dropPath: (path) => tell('dropPath', path),
    async release() {
      child.stdin.end();
      const [code] = await ended;
      if (code !== 0)
        throw new Error(`the clean-up guard ended with code ${code}: servers may be left running`);
    },
  };
}
