/** Remembers the last texts: for events that must not be told twice and have no ledger. */
export class Recent {
  private readonly seen = new Set<string>();

  constructor(private readonly limit: number) {}

  /** True the first time. */
  isNew(text: string): boolean {
    if (this.seen.has(text)) return false;
    this.seen.add(text);
    const oldest = this.seen.size > this.limit ? this.seen.values().next().value : undefined;
    if (oldest !== undefined) this.seen.delete(oldest);
    return true;
  }
}
