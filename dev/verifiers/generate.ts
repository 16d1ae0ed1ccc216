import { readFileSync, writeFileSync } from 'node:fs';

import { VERIFIERS_PAGE, withResults } from './document';
import { readResults } from './results';

/** Writes the results in docs/reference/verifiers.md: `node -r ts-node/register/transpile-only dev/verifiers/generate.ts`. */
writeFileSync(VERIFIERS_PAGE, withResults(readFileSync(VERIFIERS_PAGE, 'utf8'), readResults()));
