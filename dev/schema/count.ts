import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { countsOf, type PackageSchema } from './survey';

const schema = JSON.parse(
  readFileSync(join(__dirname, '..', '..', 'schema.json'), 'utf8'),
) as PackageSchema;
console.log(
  Object.entries(countsOf(schema))
    .map(([name, count]) => `${name} ${count}`)
    .join(', '),
);
