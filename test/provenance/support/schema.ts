import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import Ajv from 'ajv';

const SCHEMA = join(__dirname, '../schema/slsa-provenance-v1.schema.json');
const ajv = new Ajv({ allErrors: true });
const validate = ajv.compile(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object);

/** Returns what the JSON Schema refuses; empty for a valid statement. */
export function schemaProblems(statement: unknown): readonly string[] {
  if (validate(statement) === true) return [];
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
