import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/**
 * Who may read beyond `/health`: everybody where no token is set, else who sends it in the header
 * `Authorization: Bearer`. Never in the URL: URLs end up in logs, histories and referrers.
 */
export class Access {
  private readonly wanted: Buffer | undefined;

  constructor(token: string | undefined) {
    this.wanted = token === undefined ? undefined : digest(token);
  }

  allows({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
    if (!this.wanted) return true;
    const given = /^bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1];
    // Digests are of equal length: neither the time nor an error tells how much of a guess was right.
    return timingSafeEqual(digest(given ?? ''), this.wanted);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
