import type { Socket } from 'node:net';

/**
 * What is published in one turn of the event loop leaves with one write. A write per message costs more than
 * the message, and wakes the broker every time: of a hundred candles that close together, the last would wait.
 */
export class OneWrite {
  private isCorked = false;

  constructor(private readonly socket: Socket) {}

  /** Call after each message that was handed to the library. */
  published(): void {
    if (this.isCorked) return;
    this.isCorked = true;
    this.socket.cork();
    // The library writes in an immediate that it asks for in the next tick: ours comes right after it.
    process.nextTick(() => setImmediate(() => this.release()));
  }

  private release(): void {
    this.isCorked = false;
    this.socket.uncork();
  }
}
