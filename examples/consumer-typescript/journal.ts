import { open, readFile } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

/** One event as it was stored. */
export interface Entry {
  readonly messageId: string;
  readonly routingKey: string;
  /** The venue's REST API told it, after a gap; its time may lie well in the past. */
  readonly isReconciled: boolean;
  readonly body: unknown;
}

/**
 * Stands for your database: a file of one JSON line per event. In a database it is one transaction: the
 * message id into a unique column, the event beside it.
 */
export class Journal {
  private constructor(
    private readonly file: FileHandle,
    private readonly known: Set<string>,
  ) {}

  /** @param each called with every entry that is there, oldest first */
  static async open(path: string, each: (entry: Entry) => void): Promise<Journal> {
    const file = await open(path, 'a+');
    const text = await readFile(path, 'utf8');
    // The last line may be half written: its message was not acknowledged, and comes again.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) await file.truncate(Buffer.byteLength(whole));
    const entries = whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
    for (const entry of entries) each(entry);
    return new Journal(file, new Set(entries.map(({ messageId }) => messageId)));
  }

  /** False: it was stored before. Resolves once the entry would survive a power cut. */
  async storeOnce(entry: Entry): Promise<boolean> {
    if (this.known.has(entry.messageId)) return false;
    await this.file.appendFile(`${JSON.stringify(entry)}\n`);
    await this.file.datasync();
    this.known.add(entry.messageId);
    return true;
  }

  close(): Promise<void> {
    return this.file.close();
  }
}
