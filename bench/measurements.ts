import type { Batch } from './pace';
import type { ImageRequests } from './requests';
import type { Starts } from './start';
import type { Unchanged } from './unchanged';

/** All that one run measured. Times are in here, and in nothing that is written. */
export interface Measurements {
  readonly batches: readonly Batch[];
  readonly requests: readonly ImageRequests[];
  readonly unchanged: readonly Unchanged[];
  readonly starts: Starts;
}
