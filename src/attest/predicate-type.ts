import { InvalidInputError, type Problem } from '../error';
import { isUri } from '../source/uri';
import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from './statement';

/** https://github.com/sigstore/cosign/blob/main/specs/COSIGN_PREDICATE_SPEC.md */
export const CUSTOM_PREDICATE_TYPE = 'https://cosign.sigstore.dev/attestation/v1';
/** https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md */
export const VULN_PREDICATE_TYPE = 'https://cosign.sigstore.dev/attestation/vuln/v1';
/** https://slsa.dev/spec/v0.2/provenance */
export const PROVENANCE_V02_PREDICATE_TYPE = 'https://slsa.dev/provenance/v0.2';
/** https://github.com/in-toto/attestation/blob/main/spec/predicates/spdx.md */
export const SPDX_PREDICATE_TYPE = 'https://spdx.dev/Document';
/** https://github.com/in-toto/attestation/blob/main/spec/predicates/cyclonedx.md */
export const CYCLONEDX_PREDICATE_TYPE = 'https://cyclonedx.org/bom';
/** https://github.com/openvex/spec/blob/main/ATTESTING.md */
export const OPENVEX_PREDICATE_TYPE = 'https://openvex.dev/ns';
/** https://github.com/in-toto/attestation/blob/main/spec/predicates/link.md */
export const LINK_PREDICATE_TYPE = 'https://in-toto.io/Link/v1';

/** The short names of `cosign attest --type`, and the predicate types that they stand for. */
export const PREDICATE_TYPES = {
  slsaprovenance: PROVENANCE_V02_PREDICATE_TYPE,
  slsaprovenance02: PROVENANCE_V02_PREDICATE_TYPE,
  slsaprovenance1: PROVENANCE_PREDICATE_TYPE,
  spdx: SPDX_PREDICATE_TYPE,
  spdxjson: SPDX_PREDICATE_TYPE,
  cyclonedx: CYCLONEDX_PREDICATE_TYPE,
  vuln: VULN_PREDICATE_TYPE,
  openvex: OPENVEX_PREDICATE_TYPE,
  link: LINK_PREDICATE_TYPE,
  custom: CUSTOM_PREDICATE_TYPE,
} as const;

export type PredicateTypeName = keyof typeof PREDICATE_TYPES;

export function isPredicateTypeName(text: string): text is PredicateTypeName {
  return Object.hasOwn(PREDICATE_TYPES, text);
}

/** Returns the problem of a predicate type that is neither a short name nor a URI, on `predicateType`. */
export function predicateTypeProblems(text: string): readonly Problem[] {
  const report = (message: string): readonly Problem[] => [
    { property: 'predicateType', code: 'INPUT_INVALID', message },
  ];
  if (text === SIGNATURE_PREDICATE_TYPE)
    return report(`${text} is the type of a signature, not of an attestation`);
  if (isPredicateTypeName(text) || isUri(text)) return [];
  const names = Object.keys(PREDICATE_TYPES).join(', ');
  return report(`must be one of ${names}, or the URI of a predicate type`);
}

/**
 * Converts a short name of cosign, or a URI, to the `predicateType` of a statement.
 *
 * @throws InvalidInputError on `predicateType`
 */
export function parsePredicateType(text: string): string {
  const problems = predicateTypeProblems(text);
  if (problems.length > 0) throw new InvalidInputError(problems);
  return isPredicateTypeName(text) ? PREDICATE_TYPES[text] : text;
}
