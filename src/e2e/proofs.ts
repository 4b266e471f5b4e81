/** Whatever proved, in a run, who somebody is: signatures, tokens, listen keys, as the venues saw or gave them. */
import type { Heard } from '../simulator';

const HEADERS = /(^|-)(sign|signature|passphrase|token)$|^authorization$/;
const FIELDS = /^(sign|signature|passphrase|jwt|token|listenkey)$/;
/** Shorter ones say nothing: `x-bapi-sign-type: 2`. */
const SHORTEST = 16;

export class Proofs {
  private readonly byName = new Map<string, Set<string>>();

  hear({ url, headers, body }: Heard): void {
    for (const [name, value] of Object.entries(headers)) {
      if (HEADERS.test(name)) this.add(name, String(value).split(' ').at(-1));
    }
    const { searchParams } = new URL(url, 'http://venue');
    for (const [name, value] of searchParams) this.addField(name, value);
    this.read(jsonOf(body));
  }

  /** Headers, parameters and fields, in lower case. */
  get names(): readonly string[] {
    return [...this.byName.keys()].sort();
  }

  anyOf(name: string): string {
    return [...(this.byName.get(name) ?? [])].join(' ');
  }

  /** Those that the text holds, also as URLs spell them; of tokens, any part. */
  in(text: string): readonly string[] {
    const values = [...this.byName.values()].flatMap((found) => [...found]);
    const parts = values.flatMap((value) => [value, encodeURIComponent(value), ...value.split('.')]);
    return [...new Set(parts)].filter((part) => part.length >= SHORTEST && text.includes(part));
  }

  private read(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    const { op, args } = value as { op?: unknown; args?: unknown };
    // Bybit: key, time, signature.
    if (op === 'auth' && Array.isArray(args)) this.add('args', args[2]);
    for (const [name, inner] of Object.entries(value)) {
      this.addField(name, inner);
      this.read(inner);
    }
  }

  private addField(name: string, value: unknown): void {
    if (FIELDS.test(name.toLowerCase())) this.add(name.toLowerCase(), value);
  }

  private add(name: string, value: unknown): void {
    if (typeof value !== 'string' || value.length < SHORTEST) return;
    this.byName.set(name, (this.byName.get(name) ?? new Set()).add(value));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // pings, empty bodies, pages
  }
}
