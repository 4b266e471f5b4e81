import { z } from 'zod';

/** An HTTP answer in place of the real one; `hang`: never an answer; `reset`: the TCP connection dies. */
const Refusal = z.union([
  z.object({
    status: z.number().int().min(100).max(599),
    retryAfterS: z.number().int().nonnegative().optional(),
    body: z.string().optional(),
  }),
  z.enum(['hang', 'reset']),
]);

export const FaultsSchema = z
  .object({
    /** WebSocket handshakes. */
    dial: Refusal,
    /** HTTP requests. */
    rest: Refusal,
    /** No data goes out; requests and pings are answered. */
    stall: z.boolean(),
    /** Nothing goes out and nothing is read, not even pings and closes. */
    halfOpen: z.boolean(),
    /** Every `every`-th data frame is spoilt; `oversized` ones have `bytes` (default 64 MiB). */
    garble: z.object({
      kind: z.enum(['garbage', 'truncated', 'oversized', 'binary']),
      every: z.number().int().positive().default(1),
      bytes: z.number().int().positive().optional(),
    }),
    /** The venue says no to these topics in its own way. */
    refuseTopics: z.array(z.string()),
    /** Answers to requests come this late; `Infinity` is spelled by `withholdAcks`. */
    ackDelayMs: z.number().nonnegative(),
    withholdAcks: z.boolean(),
  })
  .partial()
  .strict();

export type Faults = z.infer<typeof FaultsSchema>;
export type RefusalFault = z.infer<typeof Refusal>;

export const TargetSchema = z
  .object({
    /** Origin URL as registered. */
    origin: z.string(),
    /** Connection id. */
    connection: z.number().int(),
  })
  .partial()
  .strict();

/** Whom a fault or an order concerns. Empty: everybody. */
export type Target = z.infer<typeof TargetSchema>;

export function isTarget(target: Target, origin: string, connection?: number): boolean {
  if (target.origin !== undefined && target.origin !== origin) return false;
  return target.connection === undefined || target.connection === connection;
}

/** The switchboard. Narrower targets win over wider ones, per fault. */
export class FaultBoard {
  private readonly settings: { readonly target: Target; faults: Faults }[] = [];
  private readonly listeners = new Set<() => void>();

  /** Adds to what is set for exactly this target. */
  set(faults: Faults, target: Target = {}): void {
    const found = this.settings.find((one) => sameTarget(one.target, target));
    if (found) found.faults = { ...found.faults, ...faults };
    else this.settings.push({ target, faults });
    this.settings.sort((a, b) => breadth(b.target) - breadth(a.target));
    this.changed();
  }

  /** Without a target: everything is well again. */
  clear(target?: Target): void {
    const kept = target ? this.settings.filter((one) => !sameTarget(one.target, target)) : [];
    this.settings.splice(0, this.settings.length, ...kept);
    this.changed();
  }

  of(origin: string, connection?: number): Faults {
    return this.settings
      .filter((one) => isTarget(one.target, origin, connection))
      .reduce<Faults>((sum, one) => ({ ...sum, ...one.faults }), {});
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private changed(): void {
    for (const listener of this.listeners) listener();
  }
}

function sameTarget(a: Target, b: Target): boolean {
  return a.origin === b.origin && a.connection === b.connection;
}

function breadth(target: Target): number {
  return (target.origin === undefined ? 1 : 0) + (target.connection === undefined ? 2 : 0);
}

const DEFAULT_OVERSIZE_BYTES = 64 * 1_024 * 1_024;

/** A data frame as a sick venue would send it. */
export function spoil(frame: string, garble: NonNullable<Faults['garble']>): string | Buffer {
  switch (garble.kind) {
    case 'garbage':
      return '\u0000<html>502 Bad Gateway</html>';
    case 'truncated':
      return frame.slice(0, Math.floor(frame.length / 2));
    case 'oversized':
      return `"${'x'.repeat(garble.bytes ?? DEFAULT_OVERSIZE_BYTES)}"`;
    case 'binary':
      return Buffer.from([0xff, 0xfe, 0x00, 0x9f]);
  }
}
