import { FILE_CASES } from './files';
import type { SourceCase } from './source-case';

/** All lines of `npm run test:keys`, in the order in which they are printed. */
export const SOURCE_CASES: readonly SourceCase[] = [...FILE_CASES];
