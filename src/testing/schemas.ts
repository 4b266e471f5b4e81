/** The schemas and examples of the contract's pages, as tests use them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';

const docs = join(__dirname, '../../docs');
const folder = join(docs, 'schema');
const SUFFIX = '.schema.json';

const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, strictTypes: false });
for (const file of readdirSync(folder)) {
  ajv.addSchema(JSON.parse(readFileSync(join(folder, file), 'utf8')) as object);
}

/** Names of the schemas, without their suffix. */
export const schemaNames: readonly string[] = readdirSync(folder).map((file) =>
  file.slice(0, -SUFFIX.length),
);

/** What is wrong with the value; empty when it is valid. Throws where there is no such schema. */
export function problemsOf(schema: string, value: unknown): readonly string[] {
  const validate = ajv.getSchema(schema + SUFFIX);
  if (!validate) throw new Error(`no schema is named ${schema}`);
  void validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath || '/'} ${message ?? ''}`,
  );
}

export interface Example {
  readonly schema: string;
  readonly text: string;
}

const FENCE = /^```json schema=(\S+)\n([\s\S]*?)^```$/gm;

/** The price process and what both share; the account process. */
export const CONTRACT_PAGES = ['contract.md', 'contract-accounts.md'] as const;
type ContractPage = (typeof CONTRACT_PAGES)[number];

/** Every example of the contract, or of one of its pages, that names its schema. */
export function contractExamples(pages: readonly ContractPage[] = CONTRACT_PAGES): readonly Example[] {
  return pages.flatMap((page) =>
    [...contractPage(page).matchAll(FENCE)].map(([, schema = '', text = '']) => ({ schema, text })),
  );
}

export function contractPage(page: ContractPage): string {
  return readFileSync(join(docs, page), 'utf8');
}
