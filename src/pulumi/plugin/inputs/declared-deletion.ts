import type { InputReader } from './input-reader';

/** What a delete or a replacement removes from the registry. */
const DELETIONS = ['keep', 'signatures', 'all'] as const;

export type Deletion = (typeof DELETIONS)[number];

export function readDeletion(inputs: InputReader): Deletion {
  return inputs.at('deletion').word(DELETIONS) ?? 'keep';
}

/** What a user can do about a registry that deletes nothing. */
export const DELETION_ADVICE =
  'allow deletion there (for distribution: REGISTRY_STORAGE_DELETE_ENABLED=true) and remove them by hand, or set `deletion` to "keep"';
