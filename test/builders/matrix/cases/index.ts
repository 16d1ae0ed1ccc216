import type { MatrixCase } from '../support/cell';
import { ABORT } from './abort';
import { ACCESS } from './access';
import { CACHES } from './caches';
import { CONTENTS } from './contents';
import { NETWORKS } from './network';
import { PLATFORM_CASES } from './platforms';
import { RACES } from './races';
import { REPEATS } from './repeats';

/** The rows of the table. */
export const CASES: readonly MatrixCase[] = [
  ...CONTENTS,
  ...PLATFORM_CASES,
  ...CACHES,
  ...NETWORKS,
  ...ACCESS,
  ...REPEATS,
  ...RACES,
  ...ABORT,
];
