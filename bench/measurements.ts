import type { Batch } from './pace';
import type { ImageRequests } from './requests';
import type { Starts } from './start';
import type { Unchanged } from './unchanged';

/** All measurements of one run. They contain times; the files that are written do not. */
export interface Measurements {
  readonly batches: readonly Batch[];
  readonly requests: readonly ImageRequests[];
  readonly unchanged: readonly Unchanged[];
  readonly starts: Starts;
}
