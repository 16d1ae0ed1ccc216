import type { Problem } from '../../../error';
import { problemsOf } from '../../../error/signed-image-error';
import type { InputReader } from './input-reader';
import type { SignerOutput } from '../../resources/signature-outputs';
import { type SigningHost, holdsPin, loadPublicKey, publicKeyFromPem } from '../../../sign';
import {
  type TrustedKey,
  type VerificationPolicy,
  outsideWindows,
  parseWindowTime,
} from '../../../verify';

/** Validates trusted keys; each problem has the path of its list item. */
export async function keyProblems(
  keys: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  return (await Promise.all(keys.list().map((key) => keyReferenceProblems(key, host)))).flat();
}

async function keyReferenceProblems(
  key: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  const ref = key.string();
  if (ref === undefined) return [];
  if (holdsPin(ref)) return [pinProblem(key.path)];
  const problems = await problemsOf(key.path, () => loadPublicKey(ref, host));
  return problems.map((problem) => ({ ...problem, property: key.path }));
}

/** Trusted keys are stored in the state in plain text. */
function pinProblem(property: string): Problem {
  const message =
    'contains a PIN, which would be stored: use the public key as PEM text or a file (`signed-image keys public --key ...` prints it), ' +
    'or pass the PIN with `pin-source` or COSIGN_PKCS11_PIN';
  return { property, code: 'KEY_REFERENCE_INVALID', message };
}

/** Validates trusted keys with time windows. */
export async function trustedKeyProblems(
  trusted: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    trusted.list().map(async (each) => {
      if (!each.at('key').isGiven) each.at('key').addProblem('is required: a public key');
      const { notBefore, notAfter } = readWindow(each);
      if (notBefore && notAfter && notBefore > notAfter) {
        each.at('notAfter').addProblem('is before `notBefore`: no signature would be accepted');
      }
      return keyReferenceProblems(each.at('key'), host);
    }),
  );
  return found.flat();
}

/** Loads the keys with their windows. All of their inputs must be known. */
export function loadTrustedKeys(
  trusted: InputReader,
  host: SigningHost,
): Promise<readonly TrustedKey[]> {
  return Promise.all(
    trusted.list().map(async (each) => ({
      key: await loadPublicKey(each.at('key').string() ?? '', host),
      ...readWindow(each),
    })),
  );
}

/** Reports a signing key whose signatures would not be accepted now. */
export async function retiredSignerProblems(
  keyId: string | undefined,
  trusted: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  if (keyId === undefined) return [];
  const property = 'key.ref';
  let reason: string | undefined;
  // Keys that cannot be read are reported with their own path.
  await problemsOf(property, async () => {
    const windows = await loadTrustedKeys(trusted, host);
    const own = windows.filter(({ key }) => key.keyId === keyId);
    reason = own.length > 0 ? outsideWindows(own, [], new Date())?.reason : undefined;
  });
  if (reason === undefined) return [];
  const message = `\`verify.trustedKeys\` does not accept new signatures of this key (${reason}): sign with its successor`;
  return [{ property, code: 'VERIFY_KEY_RETIRED', message }];
}

function readWindow(each: InputReader): Omit<TrustedKey, 'key'> {
  return {
    notBefore: readTime(each.at('notBefore')),
    notAfter: readTime(each.at('notAfter')),
    retired: each.at('retired').boolean(),
  };
}

function readTime(time: InputReader): Date | undefined {
  const text = time.string();
  if (text === undefined) return undefined;
  const date = parseWindowTime(text);
  if (date === undefined)
    time.addProblem('must be an RFC 3339 time, for example 2027-01-31T00:00:00Z');
  return date;
}

/** Converts a signer in the state to trusted keys and identities. */
export function trustOf(signer: SignerOutput): Pick<VerificationPolicy, 'keys' | 'identities'> {
  const { publicKey, identity, issuer } = signer;
  return {
    keys: publicKey === undefined ? [] : [publicKeyFromPem(publicKey, 'signer.publicKey')],
    identities: identity === undefined || issuer === undefined ? [] : [{ identity, issuer }],
  };
}
