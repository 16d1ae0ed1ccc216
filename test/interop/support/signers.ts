import { generateKeyPairSync } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { parseTrustedRoot, type SigningInputs, type SigningHost } from '../../../src/sign';
import { type PublicKey, loadPublicKey, processHost } from '../../../src/sign';
import type { Transparency, TrustedIdentity } from '../../../src/verify';
import type { Stack } from './stack';

/** The signer of a test: our inputs, the verifier's trust, and cosign's flags. */
export interface TestSigner {
  readonly config: SigningInputs;
  readonly host: SigningHost;
  readonly keys: readonly PublicKey[];
  readonly identities: readonly TrustedIdentity[];
  readonly transparency: Transparency;
  /** Arguments of `cosign verify` and `cosign verify-attestation`. */
  readonly cosign: readonly string[];
  /** The same for another signer. */
  readonly cosignOther: readonly string[];
}

export const SIGNER_KINDS = [
  'key',
  'key + log',
  'RSA key + log',
  'keyless + log',
  'keyless + log + timestamp',
] as const;
export type SignerKind = (typeof SIGNER_KINDS)[number];

const PASSWORD = 'canary-cosign-password';
export const IDENTITY = 'https://ci.example.com/acme/app/.ci/release.yml@refs/heads/main';

/** A key pair as created by `cosign generate-key-pair`: `<name>.key`, encrypted, and `<name>.pub`. */
export async function cosignKeyPair(stack: Stack, name: string): Promise<void> {
  const made = await stack.cosign(['generate-key-pair', '--output-key-prefix', name], {
    COSIGN_PASSWORD: PASSWORD,
  });
  if (made.code !== 0) throw new Error(made.stderr);
}

/** What `cosign sign --key` needs in its environment. */
export const COSIGN_KEY_ENV = { COSIGN_PASSWORD: PASSWORD };

async function plainKeyPair(stack: Stack, name: string, type: 'rsa' | 'ec'): Promise<void> {
  const { privateKey, publicKey } =
    type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = { format: 'pem' } as const;
  await writeFile(join(stack.folder, `${name}.key`), privateKey.export({ ...pem, type: 'pkcs8' }));
  await writeFile(join(stack.folder, `${name}.pub`), publicKey.export({ ...pem, type: 'spki' }));
}

function hostOf(env: Readonly<Record<string, string>>): SigningHost {
  return { ...processHost(), env };
}

let pairs = 0;

async function keySigner(stack: Stack, kind: SignerKind): Promise<TestSigner> {
  // cosign prompts before it overwrites a key.
  pairs += 1;
  const name = `signer-${pairs}`;
  const rsa = kind.startsWith('RSA');
  await (rsa ? plainKeyPair(stack, name, 'rsa') : cosignKeyPair(stack, name));
  await plainKeyPair(stack, `${name}-other`, rsa ? 'rsa' : 'ec');
  const path = (suffix: string) => join(stack.folder, `${name}${suffix}`);
  const logged = kind.endsWith('log');
  const trust = logged ? ['--trusted-root', stack.trustedRoot] : ['--insecure-ignore-tlog'];
  const host = hostOf({ COSIGN_PASSWORD: PASSWORD });
  return {
    config: {
      key: { ref: path('.key') },
      ...(logged && { sigstore: { rekorUrl: stack.sigstore.rekorUrl } }),
    },
    host,
    keys: [await loadPublicKey(path('.pub'), host)],
    identities: [],
    transparency: logged ? 'log' : 'none',
    cosign: ['--key', path('.pub'), ...trust],
    cosignOther: ['--key', path('-other.pub'), ...trust],
  };
}

function keylessSigner(stack: Stack, kind: SignerKind): TestSigner {
  const { issuer, fulcioUrl, rekorUrl, tsaUrl } = stack.sigstore;
  const stamped = kind.endsWith('timestamp');
  const names = (identity: string) => [
    '--certificate-identity',
    identity,
    '--certificate-oidc-issuer',
    issuer.url,
    '--trusted-root',
    stack.trustedRoot,
    ...(stamped ? ['--use-signed-timestamps'] : []),
  ];
  return {
    config: {
      keyless: { provider: 'env', tokenEnv: 'TOKEN' },
      sigstore: { fulcioUrl, rekorUrl, ...(stamped && { tsaUrl }) },
    },
    host: hostOf({
      // A token for each signature: a suite may take longer than a token is valid.
      get TOKEN() {
        return issuer.token({ subject: IDENTITY });
      },
    }),
    keys: [],
    identities: [{ identity: IDENTITY, issuer: issuer.url }],
    transparency: 'log',
    cosign: names(IDENTITY),
    cosignOther: names('https://ci.example.com/someone/else'),
  };
}

export async function testSigner(stack: Stack, kind: SignerKind): Promise<TestSigner> {
  return kind.startsWith('keyless') ? keylessSigner(stack, kind) : keySigner(stack, kind);
}

export function trustedRootOf(stack: Stack) {
  return parseTrustedRoot(JSON.stringify(stack.sigstore.trustedRoot));
}
