import { InvalidInputError, type Problem } from '../error';
import { problemsOf } from '../error/signed-image-error';
import { loadPublicKey, type PublicKey, type SigningHost } from '../sign';
import { identityProblems, type TrustedIdentity } from '../verify';
import type { AuditedSigners } from './entry-matcher';

/** The signers to search a log for; at least one is required. */
export interface SignerArgs {
  /** Public keys: PEM text, a path, or a reference (`k8s://`, `awskms://`, ...). */
  readonly keys?: readonly string[] | undefined;
  /** Keyless signers. */
  readonly identities?: readonly TrustedIdentity[] | undefined;
}

/** @throws InvalidInputError with all problems, each on its property */
export async function loadAuditedSigners(
  { keys: references = [], identities = [] }: SignerArgs,
  host: SigningHost,
): Promise<AuditedSigners> {
  const problems: Problem[] = [];
  const report = (property: string, message: string): void =>
    void problems.push({ property, code: 'INPUT_INVALID', message });
  if (references.length === 0 && identities.length === 0) {
    report('keys', 'no signer to search for: give at least one key or identity');
  }
  identities.forEach((each, index) =>
    problems.push(...identityProblems(each, `identities[${index}]`)),
  );
  const keys: PublicKey[] = [];
  for (const [index, reference] of references.entries()) {
    const property = `keys[${index}]`;
    const load = async (): Promise<unknown> =>
      keys.push(await loadPublicKey(reference, host, property));
    problems.push(...(await problemsOf(property, load)));
  }
  if (problems.length > 0) throw new InvalidInputError(problems);
  return { keys, identities };
}
