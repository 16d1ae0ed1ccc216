import { generateKeyPairSync } from 'node:crypto';

import { createCertificateAuthority } from '../../../dev/sigstore/certificate-authority';
import type { ErrorCode } from '../../../src/error';
import type { StoredFormat } from '../../../src/sign';
import type { VerificationPolicy } from '../../../src/verify';
import { type PushedImage, pushImage } from './images';
import { ANNOTATIONS, policyOf, verifyWithOurs } from './ours';
import { IDENTITY, type TestSigner, testSigner } from './signers';
import { type Stack, startStack } from './stack';

/** A stack in which real cosign signs, keyless with log and timestamp, what tests then alter. */
export interface Lab {
  readonly stack: Stack;
  readonly signer: TestSigner;
  /** DER of a certificate with the right identity and issuer, issued by an unknown authority. */
  readonly foreignCertificate: Buffer;
  cosignSigns(format: StoredFormat): Promise<PushedImage>;
  policy(format: StoredFormat, change?: Partial<VerificationPolicy>): VerificationPolicy;
}

export async function startLab(): Promise<Lab> {
  const stack = await startStack({ referrersApi: true });
  const signer = await testSigner(stack, 'keyless + log + timestamp');
  return {
    stack,
    signer,
    foreignCertificate: await certificateOfAnotherAuthority(stack),
    cosignSigns: (format) => cosignSigns(stack, format),
    policy: (format, change = {}) =>
      policyOf(stack, signer, { format, provenance: undefined, ...change }),
  };
}

async function certificateOfAnotherAuthority(stack: Stack): Promise<Buffer> {
  const authority = await createCertificateAuthority();
  return authority.issue({
    publicKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey,
    identity: IDENTITY,
    extensions: [{ oid: '1.3.6.1.4.1.57264.1.8', value: stack.sigstore.issuer.url }],
    lifetimeMinutes: 10,
    sct: true,
  });
}

async function cosignSigns(stack: Stack, format: StoredFormat): Promise<PushedImage> {
  const image = await pushImage(stack.registry.host);
  const { fulcioUrl, rekorUrl, tsaUrl, issuer } = stack.sigstore;
  const services =
    format === 'bundle'
      ? ['--signing-config', stack.signingConfig['log+tsa']]
      : [
          '--use-signing-config=false',
          '--new-bundle-format=false',
          '--fulcio-url',
          fulcioUrl,
          '--rekor-url',
          rekorUrl,
          '--timestamp-server-url',
          tsaUrl,
        ];
  const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
  const token = issuer.token({ subject: IDENTITY });
  const run = await stack.cosign([
    'sign',
    ...services,
    '--trusted-root',
    stack.trustedRoot,
    '--identity-token',
    token,
    ...annotations,
    image.reference,
  ]);
  if (run.code !== 0) throw new Error(run.stderr);
  return image;
}

export function refused(
  image: PushedImage,
  by: VerificationPolicy,
  code: ErrorCode,
): Promise<void> {
  return expect(verifyWithOurs(image, by)).rejects.toMatchObject({ code });
}

/** The same base64 text with one bit of its bytes changed. */
export function flipped(text: string, at = -1): string {
  const bytes = Buffer.from(text, 'base64');
  const index = at < 0 ? bytes.length + at : at;
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** Another value of the same length in the middle of an encoded JSON text. */
export function replaced(text: string, from: string, to: string): string {
  const before = Buffer.from(text, 'base64').toString('utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${from} does not occur`);
  return Buffer.from(after, 'utf8').toString('base64');
}
