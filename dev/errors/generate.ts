import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { errorDocument, errorMessages } from './document';
import { ROOT } from './messages';

writeFileSync(join(ROOT, 'docs', 'errors.md'), errorDocument(errorMessages()));
