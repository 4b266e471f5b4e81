import { z } from 'zod';

/** One environment variable: how it is read, and what people are told about it. */
export interface Variable<T> {
  readonly meaning: string;
  /** As it would be written in the environment; '' = no default. */
  readonly fallback: string;
  /** The default as people read it, where it is not simply `fallback`. */
  readonly fallbackNote?: string;
  readonly unit?: string;
  /** What a value has to look like, in words; part of the complaint about a bad one. */
  readonly shape: string;
  readonly example: string;
  /** Never shown; may also come from the file that `<NAME>_FILE` names. */
  readonly isSecret?: boolean;
  readonly isRequired?: boolean;
  /** Set but empty is a value of its own, not the same as unset. */
  readonly emptyMeans?: string;
  /** The value names a file whose content is the setting. */
  readonly isFile?: boolean;
  readonly schema: z.ZodType<T, string>;
}

type Told = Pick<Variable<unknown>, 'meaning' | 'unit' | 'fallbackNote' | 'emptyMeans'>;

/** Free text; '' where unset. */
export function text(
  told: Told & { fallback?: string; example: string; shape?: string; isRequired?: boolean; pattern?: RegExp },
): Variable<string> {
  const { pattern, ...rest } = told;
  const schema = pattern ? z.string().regex(pattern) : z.string();
  return { fallback: '', shape: 'text', ...rest, schema };
}

export function secret(
  told: Told & { example: string; shape?: string; isRequired?: boolean; pattern?: RegExp },
): Variable<string> {
  return { ...text(told), isSecret: true };
}

/** The content of a file (PEM certificates); '' where unset. */
export function file(told: Told & { example: string }): Variable<string> {
  return { ...text({ ...told, shape: 'path of a readable file' }), isFile: true };
}

export function integer(
  told: Told & { fallback: number | ''; from: number; to: number; example?: string },
): Variable<number | undefined> {
  const { fallback, from, to, example, ...rest } = told;
  return {
    ...rest,
    fallback: String(fallback),
    shape: `a whole number from ${from} to ${to}`,
    example: example ?? String(fallback === '' ? from : fallback),
    schema: z
      .string()
      .regex(/^(\d{1,15})?$/)
      .transform((digits) => (digits === '' ? undefined : Number(digits)))
      .refine((value) => value === undefined || (value >= from && value <= to)),
  };
}

/** An integer that always has a value. */
export function number(
  told: Told & { fallback: number; from: number; to: number; example?: string },
): Variable<number> {
  const variable = integer(told);
  return { ...variable, schema: variable.schema.transform((value) => value ?? told.fallback) };
}

const TRUE = ['true', '1', 'yes', 'on'];
const FALSE = ['false', '0', 'no', 'off'];

export function flag(told: Told & { fallback: boolean | '' }): Variable<boolean | undefined> {
  return {
    ...told,
    fallback: String(told.fallback),
    shape: [...TRUE, ...FALSE].join(', '),
    example: 'true',
    schema: z
      .string()
      .transform((word) => word.toLowerCase())
      .refine((word) => word === '' || TRUE.includes(word) || FALSE.includes(word))
      .transform((word) => (word === '' ? undefined : TRUE.includes(word))),
  };
}

export function choice<const T extends readonly [string, ...string[]]>(
  told: Told & { fallback: T[number]; of: T; example?: string },
): Variable<T[number]> {
  const { of, example, ...rest } = told;
  return {
    ...rest,
    shape: `one of ${of.join(', ')}`,
    example: example ?? of[0],
    schema: z
      .string()
      .transform((word) => word.toLowerCase())
      .pipe(z.enum(of)),
  };
}

const MAX_REASON = 200;

/** A value that `parse` understands; what `parse` throws becomes the reason. */
export function parsed<T>(
  told: Told & { fallback?: string; shape: string; example: string },
  parse: (value: string) => T,
): Variable<T> {
  const schema = z.string().transform((value, context): T => {
    try {
      return parse(value);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'not readable';
      context.addIssue({ code: 'custom', message: reason.slice(0, MAX_REASON) });
      return z.NEVER;
    }
  });
  return { fallback: '', ...told, schema };
}
