import type { TestSigner } from '../../support/signers';
import { testSigner } from '../../support/signers';
import { type PushedImage, pushImage } from '../../support/images';
import { signWithOurs } from '../../support/ours';
import type { Stack } from '../../support/stack';
import {
  alterBundles,
  alterLayers,
  bundlesOf,
  copyBeside,
  legacyTag,
} from '../../support/tampering';
import { flipped } from '../../support/lab';
import type { ImageCase } from './cases';

/** An e-mail address, which every verifier knows as an identity. */
export const EMAIL = 'release@example.com';
export const OTHER_EMAIL = 'someone@example.com';
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/** An image that we signed, and what its verifiers trust. */
export interface SignedCase {
  readonly of: ImageCase;
  readonly image: PushedImage;
  readonly signer: TestSigner;
  /** Paths of the public keys, for a key. */
  readonly publicKey: string | undefined;
  readonly otherKey: string | undefined;
}

function servicesOf({ sigstore }: Stack, { signer, transparency }: ImageCase) {
  const { fulcioUrl, rekorUrl, rekorV2Url, tsaUrl } = sigstore;
  const authority = signer === 'keyless' ? { fulcioUrl } : {};
  switch (transparency) {
    case 'log v1':
      return { ...authority, rekorUrl };
    case 'log v2':
      return {
        ...authority,
        rekorUrl: rekorV2Url,
        rekorVersion: 2,
        ...(signer === 'keyless' && { tsaUrl }),
      };
    case 'timestamp':
      return { ...authority, tsaUrl };
    case 'none':
      return authority;
  }
}

/** Signs an image, with its provenance, by an identity or by a key as cosign generates it. */
export async function signedCase(
  stack: Stack,
  of: ImageCase,
  identity: 'person' | 'workflow' = 'person',
): Promise<SignedCase> {
  const image = await pushImage(stack.registry.host);
  const base = await testSigner(stack, of.signer === 'key' ? 'key' : 'keyless + log');
  const logged = of.transparency.startsWith('log');
  const { issuer } = stack.sigstore;
  const isKey = of.signer === 'key';
  const isPerson = identity === 'person';
  const token = isPerson ? { TOKEN: issuer.token({ subject: 'person', email: EMAIL }) } : {};
  const signer: TestSigner = {
    ...base,
    config: {
      ...base.config,
      sigstore: servicesOf(stack, of),
      ...(!logged && { transparency: 'none' as const }),
    },
    host: { ...base.host, env: { ...base.host.env, ...(!isKey && token) } },
    transparency: logged ? 'log' : of.transparency === 'timestamp' ? 'timestamp' : 'none',
    ...(!isKey && isPerson && { identities: [{ identity: EMAIL, issuer: issuer.url }] }),
  };
  await signWithOurs(image, signer, {
    format: of.format,
    // The default policy of containers tools requires a tag or a digest.
    ...(of.format === 'legacy' && { signedIdentity: `${image.repository}:v1` }),
  });
  const pathAfterKey = (args: readonly string[]) => (isKey ? args[1] : undefined);
  return {
    of,
    image,
    signer,
    publicKey: pathAfterKey(base.cosign),
    otherKey: pathAfterKey(base.cosignOther),
  };
}

/** A sibling of a signed image that nobody may accept. */
export const SIBLINGS = [
  'by another signer',
  'of another image',
  'with another signature',
] as const;
export type Sibling = (typeof SIBLINGS)[number];

function flipEnvelope(text: string): string {
  const envelope = JSON.parse(text) as { readonly signatures: { sig: string }[] };
  for (const signature of envelope.signatures) signature.sig = flipped(signature.sig);
  return JSON.stringify(envelope);
}

/** A falsified sibling. `by another signer` is the same image: the verifier trusts another signer. */
export async function siblingOf(
  stack: Stack,
  signed: SignedCase,
  sibling: Sibling,
): Promise<SignedCase> {
  if (sibling === 'by another signer') return signed;
  if (sibling === 'of another image') {
    const image = await pushImage(stack.registry.host);
    await copyBeside(stack, signed.image, image);
    return { ...signed, image };
  }
  const again = await signedCase(stack, signed.of);
  await (signed.of.format === 'bundle' ? flipBundles(stack, again) : flipLayers(stack, again));
  return again;
}

async function flipBundles(stack: Stack, { image }: SignedCase): Promise<void> {
  await alterBundles(stack, image, (bundle) => {
    for (const each of bundle.dsseEnvelope.signatures) each.sig = flipped(each.sig);
  });
}

async function flipLayers(stack: Stack, { image }: SignedCase): Promise<void> {
  await alterLayers(stack, image, ({ annotations }) => {
    annotations[SIGNATURE] = flipped(annotations[SIGNATURE] ?? '');
  });
  const flipLayer = (layer: { payload: string }) => (layer.payload = flipEnvelope(layer.payload));
  await alterLayers(stack, image, flipLayer, legacyTag(image, 'att'));
}

/** The text of the bundle of this predicate type beside an image. */
export function bundleOf(stack: Stack, image: PushedImage, predicateType: string): string {
  const found = bundlesOf(stack, image).find((text) => {
    const { dsseEnvelope } = JSON.parse(text) as { dsseEnvelope: { payload: string } };
    const statement = Buffer.from(dsseEnvelope.payload, 'base64').toString('utf8');
    return (JSON.parse(statement) as { predicateType: string }).predicateType === predicateType;
  });
  if (found === undefined) throw new Error(`no bundle of ${predicateType}`);
  return found;
}
