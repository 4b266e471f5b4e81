import type { Variable } from './variable';
import { SECTIONS } from './variables';

/** Texts for people, written from the table that the reader uses. */

/** Content of `.env.sample`: every variable with meaning, unit and default. */
export function environmentSample(): string {
  const sections = everySection().map(([title, variables]) => {
    const lines = variables.map(([name, variable]) => sampleOf(name, variable));
    return `# ---- ${title} ----\n\n${lines.join('\n\n')}\n`;
  });
  return `# Copy to .env and edit. Lines without # are required; the others show the default or an example.\n\n${sections.join('\n')}`;
}

/** Content of docs/configuration.md, before formatting. */
export function configurationGuide(): string {
  const tables = everySection().map(([title, variables]) => {
    const rows = variables.map(([name, variable]) => rowOf(name, variable));
    return `## ${title}\n\n| Variable | Meaning | Values | Unit | Default |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${INTRODUCTION}\n${tables.join('\n')}`;
}

const INTRODUCTION = `# Configuration

Settings come from environment variables, or from a file \`.env\` in the working directory (copy \`.env.sample\`). A variable that is set outside wins over the file. All problems are reported at once, by name, before anything starts.

- An empty variable counts as unset, where the table does not say otherwise.
- Booleans: \`true\`, \`1\`, \`yes\`, \`on\` or \`false\`, \`0\`, \`no\`, \`off\`.
- Every secret may come from a file instead: set \`<NAME>_FILE\` to its path (one final line break is ignored). Setting both is an error.
- What a Redis or RabbitMQ URL says (port, user, password, database or virtual host, TLS) must not differ from the variable of its own.
`;

function everySection(): readonly (readonly [string, readonly (readonly [string, Variable<unknown>])[]])[] {
  return Object.entries(SECTIONS).map(([title, section]) => [title, Object.entries(section)]);
}

function sampleOf(name: string, variable: Variable<unknown>): string {
  const { meaning, isSecret, isRequired, fallback } = variable;
  const comments = [`# ${meaning}.`, `# ${factsOf(name, variable).join('; ')}.`];
  const value = isSecret ? '' : fallback || variable.example;
  // A reader of .env files would take a blank for the end of an unquoted value, or not: quoted, all agree.
  const quoted = /\s/.test(value) ? `"${value}"` : value;
  return [...comments, `${isRequired ? '' : '# '}${name}=${quoted}`].join('\n');
}

function factsOf(name: string, variable: Variable<unknown>): readonly string[] {
  const { shape, unit, isSecret, isRequired, emptyMeans } = variable;
  return [
    `Value: ${shape}`,
    ...(unit === undefined ? [] : [`unit: ${unit}`]),
    isRequired ? 'required' : `default: ${defaultOf(variable) || 'none'}`,
    ...(emptyMeans === undefined ? [] : [`empty: ${emptyMeans}`]),
    ...(isSecret ? [`or ${name}_FILE: path of a file that holds it`] : []),
  ];
}

function rowOf(name: string, variable: Variable<unknown>): string {
  const { meaning, shape, unit, isSecret, isRequired, emptyMeans, fallback, fallbackNote } = variable;
  const names = isSecret ? `\`${name}\` (secret; or \`${name}_FILE\`)` : `\`${name}\``;
  const preset = fallbackNote ?? (fallback === '' ? '' : `\`${fallback}\``);
  const cells = [
    names,
    emptyMeans === undefined ? meaning : `${meaning}; empty: ${emptyMeans}`,
    shape,
    unit ?? '',
    isRequired ? '**required**' : preset,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultOf({ fallback, fallbackNote }: Variable<unknown>): string {
  return fallbackNote ?? fallback;
}
