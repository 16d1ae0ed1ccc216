import type { Lie } from '../support/lie';
import { ANSWER_LIES } from './answers';
import { BUNDLE_LIES } from './bundles';
import { DELAY_LIES } from './delays';
import { DOCUMENT_LIES } from './documents';
import { INDEX_LIES } from './indexes';
import { LEGACY_LIES } from './legacy';
import { REFERRER_LIES } from './referrers';
import { SIGNER_LIES } from './signers';
import { TAG_LIES } from './tags';
import { TRAVEL_LIES } from './travel';
import { WRITING_LIES } from './writing';

/** Every lie that is told. */
export const LIES: readonly Lie[] = [
  ...ANSWER_LIES,
  ...TRAVEL_LIES,
  ...TAG_LIES,
  ...DOCUMENT_LIES,
  ...INDEX_LIES,
  ...REFERRER_LIES,
  ...BUNDLE_LIES,
  ...SIGNER_LIES,
  ...LEGACY_LIES,
  ...WRITING_LIES,
  ...DELAY_LIES,
];
