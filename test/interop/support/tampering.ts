import { sha256 } from '../../../dev/registry';
import type { PushedImage } from './images';
import type { Stack } from './stack';

/** A bundle as cosign writes it, as far as tests change it. */
export interface BundleJson {
  readonly dsseEnvelope: {
    payload: string;
    payloadType: string;
    readonly signatures: { sig: string }[];
  };
  readonly verificationMaterial: {
    readonly certificate: { rawBytes: string };
    tlogEntries: {
      logIndex: string;
      integratedTime: string;
      canonicalizedBody: string;
      readonly logId: { keyId: string };
      readonly inclusionPromise: { signedEntryTimestamp: string };
      readonly inclusionProof: {
        rootHash: string;
        treeSize: string;
        readonly hashes: string[];
        readonly checkpoint: { envelope: string };
      };
    }[];
    readonly timestampVerificationData: {
      readonly rfc3161Timestamps: { signedTimestamp: string }[];
    };
  };
}

/** A layer of a `.sig` tag. */
export interface LayerJson {
  payload: string;
  readonly annotations: Record<string, string>;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
}

interface ManifestJson {
  readonly subject?: Descriptor;
  readonly layers?: readonly Descriptor[];
}

function pathOf(image: PushedImage): string {
  return image.repository.slice(image.repository.indexOf('/') + 1);
}

function encode(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

function referrersOf(stack: Stack, image: PushedImage) {
  const { store } = stack.registry;
  return [...store.manifests(pathOf(image))].flatMap(([digest, { mediaType, bytes }]) => {
    const manifest = JSON.parse(bytes.toString('utf8')) as ManifestJson;
    return manifest.subject?.digest === image.digest ? [{ digest, mediaType, manifest }] : [];
  });
}

/**
 * Writes each bundle beside an image anew, changed, under the digest that it then has: to the
 * registry all is in order. `remove` takes it away.
 */
export async function alterBundles(
  stack: Stack,
  image: PushedImage,
  change: (bundle: BundleJson) => unknown,
): Promise<void> {
  const { store } = stack.registry;
  const path = pathOf(image);
  const found = referrersOf(stack, image);
  if (found.length === 0) throw new Error('there is no bundle');
  for (const { digest, mediaType, manifest } of found) {
    const layer = manifest.layers![0]!;
    const bundle = JSON.parse(store.getBlob(path, layer.digest)!.toString('utf8')) as BundleJson;
    const answer = change(bundle);
    store.deleteManifest(path, digest);
    if (answer === 'remove') continue;
    const blob = encode(bundle);
    const layers = [{ ...layer, digest: store.putBlob(path, blob), size: blob.length }];
    store.putManifest(path, { mediaType, bytes: encode({ ...manifest, layers }) });
  }
}

/** The same for the layers of an image's `.sig` or `.att` tag. */
export async function alterLayers(
  stack: Stack,
  image: PushedImage,
  change: (layer: LayerJson) => unknown,
  tag = legacyTag(image, 'sig'),
): Promise<void> {
  const { store } = stack.registry;
  const path = pathOf(image);
  const { mediaType, bytes } = store.getManifest(path, tag)!;
  const manifest = JSON.parse(bytes.toString('utf8')) as Required<ManifestJson>;
  const layers = manifest.layers.map((layer) => {
    const payload = store.getBlob(path, layer.digest)!.toString('utf8');
    const altered = { payload, annotations: { ...layer.annotations } };
    change(altered);
    const blob = Buffer.from(altered.payload, 'utf8');
    const digest = store.putBlob(path, blob);
    return { ...layer, digest, size: blob.length, annotations: altered.annotations };
  });
  store.putManifest(path, { mediaType, bytes: encode({ ...manifest, layers }) }, { tag });
}

export function legacyTag({ digest }: PushedImage, suffix: 'sig' | 'att'): string {
  return `${digest.replace(':', '-')}.${suffix}`;
}

/** The texts of the bundles beside an image. */
export function bundlesOf(stack: Stack, image: PushedImage): readonly string[] {
  return referrersOf(stack, image).map(({ manifest }) =>
    stack.registry.store.getBlob(pathOf(image), manifest.layers![0]!.digest)!.toString('utf8'),
  );
}

/** Puts all that is stored beside one image beside another one, as if it had been made for it. */
export async function copyBeside(stack: Stack, from: PushedImage, to: PushedImage): Promise<void> {
  const { store } = stack.registry;
  const copyLayers = (manifest: ManifestJson) => {
    for (const { digest } of manifest.layers ?? []) {
      const blob = store.getBlob(pathOf(from), digest)!;
      if (store.putBlob(pathOf(to), blob) !== digest)
        throw new Error(`${sha256(blob)} is not ${digest}`);
    }
  };
  for (const { mediaType, manifest } of referrersOf(stack, from)) {
    copyLayers(manifest);
    const subject = { mediaType: to.mediaType, digest: to.digest, size: to.size };
    store.putBlob(pathOf(to), Buffer.from('{}'));
    store.putManifest(pathOf(to), { mediaType, bytes: encode({ ...manifest, subject }) });
  }
  for (const suffix of ['sig', 'att'] as const) {
    const stored = store.getManifest(pathOf(from), legacyTag(from, suffix));
    if (!stored) continue;
    copyLayers(JSON.parse(stored.bytes.toString('utf8')) as ManifestJson);
    store.putManifest(pathOf(to), stored, { tag: legacyTag(to, suffix) });
  }
}
