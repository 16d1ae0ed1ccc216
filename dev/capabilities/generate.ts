import { readFileSync, writeFileSync } from 'node:fs';

import { BUILDERS_PAGE, withCapabilityTable } from './document';

/** Writes the table of builders in docs/builders.md: `node -r ts-node/register/transpile-only dev/capabilities/generate.ts`. */
writeFileSync(BUILDERS_PAGE, withCapabilityTable(readFileSync(BUILDERS_PAGE, 'utf8')));
