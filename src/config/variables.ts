import { CONNECTION_SECTIONS } from './connection-variables';
import { STREAM_SECTIONS } from './stream-variables';
import type { Variable } from './variable';

/** One table: the reader, `.env.sample` and docs/configuration.md follow it. */
export const SECTIONS = { ...CONNECTION_SECTIONS, ...STREAM_SECTIONS };

type Sections = typeof SECTIONS;
type Merged<T> = (T extends unknown ? (all: T) => void : never) extends (all: infer I) => void ? I : never;
type Table = Merged<Sections[keyof Sections]>;

export type VariableName = keyof Table & string;
/** What the environment says, by variable. */
export type Values = { readonly [K in VariableName]: Table[K] extends Variable<infer T> ? T : never };

export const VARIABLES: ReadonlyMap<string, Variable<unknown>> = new Map<string, Variable<unknown>>(
  Object.values(SECTIONS).flatMap((section) => Object.entries(section)),
);
