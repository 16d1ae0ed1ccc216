import type { RunningRegistry } from '../../../dev/registry';
import {
  attestationsOf,
  type BuildkitImage,
  bundlesBeside,
  type Descriptor,
} from './buildkit-image';

interface BundleText {
  readonly dsseEnvelope: { payload: string };
  readonly verificationMaterial: { tlogEntries: unknown[] };
}

/** Alters each bundle beside the attestation manifests. */
export function alterBundles(
  registry: RunningRegistry,
  image: BuildkitImage,
  change: (bundle: BundleText) => void,
): BuildkitImage {
  const { store } = registry;
  for (const { digest: subject } of attestationsOf(registry, image)) {
    for (const { digest, mediaType, manifest } of bundlesBeside(registry, image.path, subject)) {
      const [layer] = manifest.layers ?? [];
      const text = store.getBlob(image.path, layer?.digest ?? '')?.toString('utf8') ?? '';
      const bundle = JSON.parse(text) as BundleText;
      change(bundle);
      const bytes = Buffer.from(JSON.stringify(bundle));
      store.deleteManifest(image.path, digest);
      const layers = [{ ...layer, digest: store.putBlob(image.path, bytes), size: bytes.length }];
      const altered = Buffer.from(JSON.stringify({ ...manifest, layers }));
      store.putManifest(image.path, { mediaType, bytes: altered });
    }
  }
  return image;
}

/** Stores the bundles of one list of attestation manifests beside another one, as if they were made for it. */
export function moveBundles(
  registry: RunningRegistry,
  image: BuildkitImage,
  from: readonly Descriptor[],
): BuildkitImage {
  const { store } = registry;
  attestationsOf(registry, image).forEach(({ mediaType, digest, size }, index) => {
    const other = from[index];
    if (other === undefined) throw new Error('a manifest is missing');
    for (const found of bundlesBeside(registry, image.path, other.digest)) {
      const manifest = { ...found.manifest, subject: { mediaType, digest, size } };
      const bytes = Buffer.from(JSON.stringify(manifest));
      store.putManifest(image.path, { mediaType: found.mediaType, bytes });
    }
  });
  return image;
}
