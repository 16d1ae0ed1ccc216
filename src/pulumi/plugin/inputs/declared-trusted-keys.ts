import type { Problem } from '../../../error';
import { problemsOf } from '../../../error/signed-image-error';
import type { InputReader } from './input-reader';
import type { SignerOutput } from '../../resources/signature-outputs';
import {
  type SigningHost,
  type SigstoreConfig,
  holdsPin,
  loadInstanceRoot,
  loadPublicKey,
  publicKeyFromPem,
} from '../../../sign';
import {
  type Transparency,
  type TrustedKey,
  type VerificationPolicy,
  outsideWindows,
} from '../../../verify';

/** Problems with keys that are to be trusted, each on its own place in the list. */
export async function keyProblems(
  keys: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  return (await Promise.all(keys.list().map((key) => problemsOfKey(key, host)))).flat();
}

async function problemsOfKey(key: InputReader, host: SigningHost): Promise<readonly Problem[]> {
  const ref = key.string();
  if (ref === undefined) return [];
  if (holdsPin(ref)) return [storedSecret(key.path)];
  const problems = await problemsOf(key.path, () => loadPublicKey(ref, host));
  return problems.map((problem) => ({ ...problem, property: key.path }));
}

/** What is trusted stands in the state, in plain words. */
function storedSecret(property: string): Problem {
  const message =
    'holds a PIN, which would be stored: give the public key as PEM text or a file (`signed-image keys public --key ...` prints it), ' +
    'or the PIN by `pin-source` or COSIGN_PKCS11_PIN';
  return { property, code: 'KEY_REFERENCE_INVALID', message };
}

/** Problems with keys that are to be trusted for a time. */
export async function trustedKeyProblems(
  trusted: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    trusted.list().map(async (each) => {
      if (!each.at('key').given) each.at('key').problem('is needed: a public key');
      const { notBefore, notAfter } = readWindow(each);
      if (notBefore && notAfter && notBefore > notAfter) {
        each.at('notAfter').problem('is before `notBefore`: no signature would count');
      }
      return problemsOfKey(each.at('key'), host);
    }),
  );
  return found.flat();
}

/** The keys with their windows, once all of it is known. */
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

/** What speaks against signing with a key now: signatures of it would not count. */
export async function retiredSigner(
  keyId: string | undefined,
  trusted: InputReader,
  host: SigningHost,
): Promise<readonly Problem[]> {
  if (keyId === undefined) return [];
  const property = 'key.ref';
  let reason: string | undefined;
  // Keys that cannot be read are told where they stand.
  await problemsOf(property, async () => {
    const windows = await loadTrustedKeys(trusted, host);
    const own = windows.filter(({ key }) => key.keyId === keyId);
    reason = own.length > 0 ? outsideWindows(own, [], new Date())?.reason : undefined;
  });
  if (reason === undefined) return [];
  const message = `signatures of this key do not count by \`verify.trustedKeys\` (${reason}): sign with the key that came after it`;
  return [{ property, code: 'VERIFY_KEY_RETIRED', message }];
}

function readWindow(each: InputReader): Omit<TrustedKey, 'key'> {
  return {
    notBefore: readTime(each.at('notBefore')),
    notAfter: readTime(each.at('notAfter')),
    retired: each.at('retired').boolean(),
  };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/i;

function readTime(time: InputReader): Date | undefined {
  const text = time.string();
  if (text === undefined) return undefined;
  const date = new Date(text);
  if (RFC_3339.test(text) && !Number.isNaN(date.getTime())) return date;
  time.problem('must be a time as in RFC 3339, for example 2027-01-31T00:00:00Z');
  return undefined;
}

type TrustedRoot = NonNullable<VerificationPolicy['trustedRoot']>;

/** The trust material that a verification needs; a key without witnesses needs none. */
export async function trustedRootFor(
  transparency: Transparency,
  keyless: boolean,
  sigstore: SigstoreConfig | undefined,
  host: SigningHost,
): Promise<TrustedRoot | undefined> {
  const declared = sigstore?.trustedRoot ?? sigstore?.clientTrustConfig;
  if (transparency === 'none' && !keyless && declared === undefined) return undefined;
  return loadInstanceRoot(sigstore, host);
}

/** A signer of the state as the one who is trusted. */
export function trustOf(signer: SignerOutput): Pick<VerificationPolicy, 'keys' | 'identities'> {
  const { publicKey, identity, issuer } = signer;
  return {
    keys: publicKey === undefined ? [] : [publicKeyFromPem(publicKey)],
    identities: identity === undefined || issuer === undefined ? [] : [{ identity, issuer }],
  };
}
