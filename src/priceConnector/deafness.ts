const STRIKES = 2;

/** A topic that says nothing while the venue's history shows bars with trades, again, is deaf. */
export class Deafness {
  private strikes = 0;

  constructor(private readonly onDeaf: () => void) {}

  heard(): void {
    this.strikes = 0;
  }

  /** Trades of a bar that should have come by the topic were told by REST. */
  missed(): void {
    this.strikes += 1;
    if (this.strikes < STRIKES) return;
    this.strikes = 0;
    this.onDeaf();
  }
}
