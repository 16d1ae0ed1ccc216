import {
  loadKeySigner,
  loadPublicKey,
  parseTrustedRoot,
  processHost,
  type SigningInputs,
  type SigningHost,
} from '../../../src/sign';
import type { VerificationPolicy } from '../../../src/verify';
import { pushImage, type PushedImage } from '../../interop/support/images';
import { ANNOTATIONS, BUILDER, signWithOurs, verifyWithOurs } from '../../interop/support/ours';
import type { TestSigner } from '../../interop/support/signers';
import type { Stack } from '../../interop/support/stack';
import type { RunningSource } from '../source-case';
import { publicKeyFile } from './public-key-file';

/** The results for one source, by the columns of the table. */
export interface Trial {
  readonly signed: true;
  readonly verifiedByUs: true;
  readonly verifiedByCosign: true;
  /** cosign signed with the same reference, and we verified; `false` where cosign cannot reach it. */
  readonly signedByCosign: boolean;
}

function hostOf({ env, host }: RunningSource): SigningHost {
  const { PATH, HOME } = process.env;
  return { ...processHost(), env: { PATH, HOME, ...env }, ...host };
}

/** Keyless sources that bring no services of their own are served by dev/sigstore. */
function configOf({ config }: RunningSource, { sigstore }: Stack): SigningInputs {
  if (config.keyless === undefined || config.sigstore !== undefined) return config;
  const { fulcioUrl, rekorUrl } = sigstore;
  return { ...config, sigstore: { fulcioUrl, rekorUrl } };
}

async function signerOf(source: RunningSource, stack: Stack): Promise<TestSigner> {
  const config = configOf(source, stack);
  const host = hostOf(source);
  const trustedRoot = config.sigstore?.trustedRoot ?? stack.trustedRoot;
  const logged = config.sigstore?.rekorUrl !== undefined;
  const shared = { config, host, cosignOther: [] };
  if (config.key !== undefined) {
    const { publicKey: key } = await loadKeySigner(config.key, host);
    // The public half as verifiers refer to it must be the same key.
    if (source.publicRef !== undefined) {
      expect((await loadPublicKey(source.publicRef, host)).keyId).toBe(key.keyId);
    }
    const file = await publicKeyFile(stack.folder, key.pem);
    const trust = logged ? ['--trusted-root', trustedRoot] : ['--insecure-ignore-tlog'];
    const transparency = logged ? 'log' : 'none';
    return {
      ...shared,
      keys: [key],
      identities: [],
      transparency,
      cosign: ['--key', file, ...trust, ...(source.verifyFlags ?? [])],
    };
  }
  if (source.identity === undefined) throw new Error('the case does not say whom to expect');
  const { identity, issuer } = source.identity;
  return {
    ...shared,
    keys: [],
    identities: [{ identity, issuer }],
    transparency: logged ? 'log' : 'timestamp',
    cosign: [
      ...['--certificate-identity', identity, '--certificate-oidc-issuer', issuer],
      ...['--trusted-root', trustedRoot],
      ...(config.sigstore?.tsaUrl === undefined ? [] : ['--use-signed-timestamps']),
      ...(logged ? [] : ['--insecure-ignore-tlog']),
      ...(source.verifyFlags ?? []),
    ],
  };
}

async function policyOf(
  signer: TestSigner,
  stack: Stack,
  change: Partial<VerificationPolicy>,
): Promise<VerificationPolicy> {
  const declared = signer.config.sigstore?.trustedRoot ?? stack.trustedRoot;
  const text = declared.trimStart().startsWith('{')
    ? declared
    : await processHost().readFile(declared);
  return {
    keys: signer.keys,
    identities: signer.identities,
    annotations: ANNOTATIONS,
    format: 'any',
    transparency: signer.transparency,
    provenance: { builderId: BUILDER },
    trustedRoot: parseTrustedRoot(text),
    platforms: true,
    ...change,
  };
}

async function expectVerified(image: PushedImage, policy: VerificationPolicy): Promise<void> {
  const report = await verifyWithOurs(image, policy);
  expect(report).toMatchObject({ verified: true });
}

async function expectCosignVerifies(image: PushedImage, signer: TestSigner, stack: Stack) {
  const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
  const run = await stack.cosign(['verify', ...signer.cosign, ...annotations, image.reference]);
  expect(run).toMatchObject({ code: 0 });
}

/** cosign signs with the same key by its own reference, and we verify what it wrote. */
async function cosignSigns(source: RunningSource, signer: TestSigner, stack: Stack) {
  if (source.cosign === undefined) return false;
  const { key, env, program } = source.cosign;
  const image = await pushImage(stack.registry.host);
  const annotations = Object.entries(ANNOTATIONS).flatMap(([k, v]) => ['-a', `${k}=${v}`]);
  const services = [
    '--signing-config',
    stack.signingConfig.none,
    '--trusted-root',
    stack.trustedRoot,
  ];
  const set = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const run = await stack.cosign(
    ['sign', ...services, '--key', key, ...annotations, image.reference],
    Object.fromEntries(set),
    program,
  );
  expect(run).toMatchObject({ code: 0 });
  const policy = await policyOf(signer, stack, { provenance: undefined, transparency: 'none' });
  await expectVerified(image, policy);
  return true;
}

/** Signs an image with the key or identity of the source, and verifies it with this package and with cosign. */
export async function tryOut(source: RunningSource, stack: Stack): Promise<Trial> {
  const signer = await signerOf(source, stack);
  const image = await pushImage(stack.registry.host);
  await signWithOurs(image, signer, { format: 'bundle' });
  await expectVerified(image, await policyOf(signer, stack, {}));
  await expectCosignVerifies(image, signer, stack);
  const signedByCosign = await cosignSigns(source, signer, stack);
  return { signed: true, verifiedByUs: true, verifiedByCosign: true, signedByCosign };
}
