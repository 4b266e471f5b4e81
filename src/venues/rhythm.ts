/** Pauses up to this (ms) are usual everywhere: venues push their rows in batches. */
const FLOOR_MS = 2_000;
/** How many times the usual pause. */
const PAUSES = 3;
/** Before so many pauses nothing is known of what is usual. */
const UNKNOWN = 20;
/** What is usual is an average over about so many. */
const MEMORY = 100;

/**
 * How often frames come on one connection, by the venue's own times: how busy we are ourselves plays no part.
 * After a pause far beyond the usual one, frames may be missing, though the connection lives on: what was
 * told before may lack its last word. No alarm follows from it (the transport raises those, much later), so
 * a false one costs a question to REST and nothing else.
 */
export class Rhythm {
  private newest: number | undefined;
  private count = 0;
  /** Averages of the pause and of its square; their ratio is the pause in which a moment falls, on average. */
  private pause = 0;
  private squared = 0;

  /**
   * A frame that the venue made at `time` (epoch ms). Returns whether the pause before it was too long. One that
   * is older than others, as a quiet topic may be, says nothing of it.
   */
  hear(time: number): boolean {
    const { newest = time } = this;
    this.newest = Math.max(time, newest);
    const pause = time - newest;
    if (pause <= 0) return false;
    const limit = FLOOR_MS + PAUSES * this.usualPause;
    const isBroken = this.count >= UNKNOWN && pause > limit;
    // One break must not hide the next; of a stream that becomes slow the limit grows with every frame.
    this.learn(Math.min(pause, limit));
    return isBroken;
  }

  private get usualPause(): number {
    return this.pause === 0 ? 0 : this.squared / this.pause;
  }

  private learn(pause: number): void {
    if (this.count < MEMORY) this.count += 1;
    this.pause += (pause - this.pause) / this.count;
    this.squared += (pause * pause - this.squared) / this.count;
  }
}
