import type { VerificationPolicyArgs } from '../core/policy-args';
import { InvalidInputError, type Problem } from '../error';

/**
 * Rejects a policy with attestations: an export has the signatures and the provenance of the trusted keys and
 * identities, so that it could prove neither.
 *
 * @throws InvalidInputError on `require` or `predicateType`
 */
export function rejectAttestations({ require, predicateType }: VerificationPolicyArgs): void {
  const declared = { require: require?.length ? require : undefined, predicateType };
  const problems = Object.entries(declared).flatMap(([property, value]): readonly Problem[] => {
    const message =
      'cannot be combined with an export, which has signatures and provenance only: give `keys` or `identities`, and verify attestations in the registry';
    return value === undefined ? [] : [{ property, code: 'INPUT_INVALID', message }];
  });
  if (problems.length > 0) throw new InvalidInputError(problems);
}
