import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { schemaText } from './package-schema';

writeFileSync(join(__dirname, '..', '..', 'schema.json'), schemaText());
