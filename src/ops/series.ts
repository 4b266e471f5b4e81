import type { Labels } from '../domain/telemetry';

/** Beyond this a label's values are not bounded as they should be, and memory would not be either. */
const MAX_SERIES = 2_000;
const NO_LABELS: Labels = {};

/** One thing per label set of a metric, made at its first use. Label sets are checked then. */
export class Series<T> {
  private readonly byKey = new Map<string, T>();

  constructor(
    private readonly names: readonly string[],
    private readonly create: (labels: Labels) => T,
    private readonly misuse: (problem: string) => void,
  ) {}

  /** Undefined: a wrong label set, or too many; told to `misuse`. */
  of(labels: Labels = NO_LABELS): T | undefined {
    let key = '';
    for (const name of this.names) key += `${labels[name]}\n`;
    return this.byKey.get(key) ?? this.add(key, labels);
  }

  [Symbol.iterator](): IterableIterator<T> {
    return this.byKey.values();
  }

  private add(key: string, labels: Labels): T | undefined {
    const given = Object.keys(labels);
    const isExact = given.length === this.names.length && this.names.every((name) => given.includes(name));
    if (!isExact) {
      this.misuse(`labels {${given.join(', ')}} instead of {${this.names.join(', ')}}`);
      return undefined;
    }
    if (this.byKey.size >= MAX_SERIES) {
      this.misuse(`more than ${MAX_SERIES} label sets`);
      return undefined;
    }
    const made = this.create({ ...labels });
    this.byKey.set(key, made);
    return made;
  }
}
