// What every server needs: free ports, a process group of its own with a log file, and a wait for readiness.
import { spawn } from 'node:child_process';
import { openSync, closeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TRIES = 3;
const POLL_MS = 100;
const LOG_TAIL_LINES = 40;

/** Ports of 127.0.0.1 that nobody listens on at the moment; all differ. */
export async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/**
 * Starts a program in a group of its own, its output in `logFile`, its end left to the guard. `kill()` ends the
 * whole group at once, as a crash does; `again()` starts the same program once more.
 */
export function launch({ guard, program, args, env, cwd, logFile }) {
  const server = { name: program, logFile, failure: undefined };
  server.again = () => {
    const log = openSync(logFile, 'a');
    const child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    if (child.pid !== undefined) guard.addGroup(child.pid);
    server.failure = undefined;
    const ended = new Promise((resolve) => {
      child.on('error', (error) => resolve((server.failure = error.message)));
      child.on('exit', (code, signal) =>
        resolve((server.failure = `ended with ${signal ?? `code ${code}`}`)),
      );
    });
    child.unref();
    server.kill = async () => {
      if (server.failure !== undefined) return;
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    };
  };
  server.again();
  return server;
}

async function logTail(logFile) {
  const text = await readFile(logFile, 'utf8');
  return text.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
}

/** Asks `probe` until it succeeds; rejects with the log's tail when the server ends first or `limitMs` is over. */
export async function untilReady(server, probe, limitMs) {
  const deadline = Date.now() + limitMs;
  let lastError;
  while (server.failure === undefined && Date.now() < deadline) {
    try {
      await probe();
      return;
    } catch (error) {
      lastError = error;
      await sleep(POLL_MS);
    }
  }
  const reason = server.failure ?? `not ready after ${limitMs} ms (${lastError?.message})`;
  throw new Error(`${server.name} ${reason}; the end of its log:\n${await logTail(server.logFile)}`);
}

/** A free port can be taken by somebody else before the server binds it: then start again, on other ports. */
export async function withFreshPorts(start) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(attempt);
    } catch (error) {
      if (attempt >= START_TRIES || !/in use|eaddrinuse/i.test(error.message)) throw error;
    }
  }
}
