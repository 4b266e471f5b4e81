import { existsSync, readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import { ConnectorError } from '../domain/errors';
import type { Variable } from './variable';
import type { Values } from './variables';
import { VARIABLES } from './variables';

/**
 * The environment of the process over the `.env` file of the working directory: what is set outside
 * wins, also where it is set to nothing. Nothing is written back to `process.env`.
 * @throws ConnectorError CONFIG_INVALID where the file exists but cannot be read
 */
export function readEnvironment(path = '.env'): NodeJS.ProcessEnv {
  if (!existsSync(path)) return { ...process.env };
  try {
    return { ...parse(readFileSync(path)), ...process.env };
  } catch (cause) {
    throw new ConnectorError('CONFIG_INVALID', `${path} cannot be read`, { retry: 'never', cause });
  }
}

/** Everything that is wrong with an environment, one line each. */
export type Problems = string[];

/**
 * Reads every variable of the table. In place of a bad value stands the default, so that everything
 * else is checked in the same run; where problems were added, the values must not be used.
 */
export function readValues(env: NodeJS.ProcessEnv, problems: Problems): Values {
  const values = new Map<string, unknown>();
  for (const [name, variable] of VARIABLES) values.set(name, readOne(env, name, variable, problems));
  // The table gives each value its type; a map cannot say so.
  return Object.fromEntries(values) as unknown as Values;
}

function readOne(
  env: NodeJS.ProcessEnv,
  name: string,
  variable: Variable<unknown>,
  problems: Problems,
): unknown {
  const given = variable.isSecret ? secretText(env, name, problems) : plainText(env, name, variable);
  const value = variable.isFile && given !== '' ? content(name, given, problems) : given;
  const result = variable.schema.safeParse(value);
  if (result.success) return result.data;
  const reason = result.error.issues.find(({ code }) => code === 'custom')?.message;
  problems.push(complaint(name, variable, reason));
  return variable.schema.parse(variable.fallback);
}

/** The value itself is never repeated: a misplaced password is still a password. */
function complaint(name: string, { shape, example }: Variable<unknown>, reason: string | undefined): string {
  const why = reason && reason !== 'Invalid input' ? ` (${reason})` : '';
  return `${name}: expected ${shape}, e.g. ${example}${why}`;
}

function plainText(env: NodeJS.ProcessEnv, name: string, variable: Variable<unknown>): string {
  const given = env[name]?.trim();
  if (given === undefined) return variable.fallback;
  return given === '' && variable.emptyMeans === undefined ? variable.fallback : given;
}

function secretText(env: NodeJS.ProcessEnv, name: string, problems: Problems): string {
  const direct = env[name] ?? '';
  const fileName = `${name}_FILE`;
  const path = env[fileName]?.trim() ?? '';
  if (path === '') return direct;
  if (direct === '') return content(fileName, path, problems).replace(/\r?\n$/, '');
  problems.push(`${name}: set either it or ${fileName}, not both`);
  return '';
}

function content(name: string, path: string, problems: Problems): string {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.trim() === '') problems.push(`${name}: the file ${path} is empty`);
    return text;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    problems.push(`${name}: the file ${path} cannot be read (${code})`);
    return '';
  }
}
