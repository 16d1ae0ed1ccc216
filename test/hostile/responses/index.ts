import type { HostileResponse } from '../support/hostile-response';
import { ANSWER_CASES } from './answers';
import { BUNDLE_CASES } from './bundles';
import { DELAY_CASES } from './delays';
import { DOCUMENT_CASES } from './documents';
import { INDEX_CASES } from './indexes';
import { LEGACY_CASES } from './legacy';
import { REFERRER_CASES } from './referrers';
import { SIGNER_CASES } from './signers';
import { TAG_CASES } from './tags';
import { TRAVEL_CASES } from './travel';
import { WRITING_CASES } from './writing';

/** All cases. */
export const CASES: readonly HostileResponse[] = [
  ...ANSWER_CASES,
  ...TRAVEL_CASES,
  ...TAG_CASES,
  ...DOCUMENT_CASES,
  ...INDEX_CASES,
  ...REFERRER_CASES,
  ...BUNDLE_CASES,
  ...SIGNER_CASES,
  ...LEGACY_CASES,
  ...WRITING_CASES,
  ...DELAY_CASES,
];
