import type { Clock, Timer } from '../domain/time';

/** Questions to threads and their answers, matched by number; one that is not answered in time is given up. */
export class ThreadQuestions<T> {
  private readonly open = new Map<number, (answer: T) => void>();
  private lastId = 0;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
  ) {}

  async ask(post: (id: number) => void): Promise<T | undefined> {
    const id = (this.lastId += 1);
    let timer: Timer | undefined;
    const answer = await new Promise<T | undefined>((resolve) => {
      timer = this.clock.after(this.timeoutMs, () => resolve(undefined));
      this.open.set(id, resolve);
      post(id);
    });
    this.clock.cancel(timer);
    this.open.delete(id);
    return answer;
  }

  answered(id: number, answer: T): void {
    this.open.get(id)?.(answer);
  }
}
