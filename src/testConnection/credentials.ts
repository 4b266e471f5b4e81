import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';

/** Secrets: shown nowhere. */
export interface Login {
  readonly key: string;
  readonly secret: string;
  readonly passphrase: string;
}

/** Asks a person for one of them, without an echo; undefined: there is nobody to ask. */
export type Prompt = (question: string) => Promise<string>;

const PREFIX = 'TEST_CONNECTION_';

/** From the environment, from files that it names, else asked for. @throws Error naming what is missing */
export async function loginFrom(env: NodeJS.ProcessEnv, prompt: Prompt | undefined): Promise<Login> {
  const given = {
    key: valueOf(env, 'KEY'),
    secret: valueOf(env, 'SECRET'),
    passphrase: valueOf(env, 'PASSPHRASE'),
  };
  if (given.key !== '' && given.secret !== '') return given;
  if (!prompt) {
    throw new Error(
      `no key: set ${PREFIX}KEY and ${PREFIX}SECRET (or ${PREFIX}KEY_FILE and ${PREFIX}SECRET_FILE)`,
    );
  }
  const key = given.key || (await prompt('Key: '));
  const secret = given.secret || (await prompt('Secret: '));
  const passphrase = given.passphrase || (await prompt('Passphrase (empty where the venue has none): '));
  if (key === '' || secret === '') throw new Error('key and secret must not be empty');
  return { key, secret, passphrase };
}

function valueOf(env: NodeJS.ProcessEnv, name: string): string {
  const path = env[`${PREFIX}${name}_FILE`]?.trim() ?? '';
  const text = path === '' ? (env[`${PREFIX}${name}`] ?? '') : content(`${PREFIX}${name}_FILE`, path);
  // A PEM in one line, as .env files have it.
  return text.includes('-----BEGIN') ? text.trim().replaceAll('\\n', '\n') : text.trim();
}

function content(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    throw new Error(`${name}: the file ${path} cannot be read (${code})`, { cause: error });
  }
}

/** Asks on the terminal, question by question; what is typed is not shown. */
export function terminalPrompt(): Prompt | undefined {
  if (process.stdin.isTTY !== true) return undefined;
  return async (question) => {
    process.stderr.write(question);
    const output = new Writable({ write: (_chunk, _encoding, done) => done() });
    const lines = createInterface({ input: process.stdin, output, terminal: true });
    try {
      return (await lines.question('')).trim();
    } finally {
      lines.close();
      process.stderr.write('\n');
    }
  };
}
