/** Remembers the last texts: for events that must not be told twice and have no ledger. */
export class Recent {
  /** Made with the first text: most streams never bring one. */
  private seen: Set<string> | undefined;

  constructor(private readonly limit: number) {}

  /** True the first time. */
  isNew(text: string): boolean {
    const seen = (this.seen ??= new Set());
    if (seen.has(text)) return false;
    seen.add(text);
    const oldest = seen.size > this.limit ? seen.values().next().value : undefined;
    if (oldest !== undefined) seen.delete(oldest);
    return true;
  }
}
