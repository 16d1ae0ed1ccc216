import { gunzipSync } from 'node:zlib';

import type { RunningRegistry } from '../../../dev/registry';

interface StoredManifest {
  readonly manifests?: readonly { readonly digest: string; readonly platform?: unknown }[];
  readonly subject?: { readonly digest: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly layers?: readonly StoredLayer[];
}

/** A signature in a legacy tag. */
export interface StoredLayer {
  readonly digest: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

const PREDICATE_TYPE = 'dev.sigstore.bundle.predicateType';

/** A bundle that refers to a manifest. */
export interface StoredBundle {
  readonly digest: string;
  readonly purpose: 'signature' | 'provenance';
}

/** The bundles of an image, oldest first. */
export function bundlesOf(
  { store }: RunningRegistry,
  path: string,
  subject: string,
): readonly StoredBundle[] {
  return [...store.manifests(path)].flatMap(([digest, { bytes }]) => {
    const { subject: of, annotations } = JSON.parse(bytes.toString('utf8')) as StoredManifest;
    if (of?.digest !== subject) return [];
    const isSignature = annotations?.[PREDICATE_TYPE]?.includes('cosign/sign') ?? false;
    return [{ digest, purpose: isSignature ? ('signature' as const) : ('provenance' as const) }];
  });
}

/** The layers of an image's legacy tag, oldest first; empty if the tag does not exist. */
export function layersOf(
  { store }: RunningRegistry,
  path: string,
  subject: string,
  suffix: 'sig' | 'att' = 'sig',
): readonly StoredLayer[] {
  const stored = store.getManifest(path, `${subject.replace(':', '-')}.${suffix}`);
  return stored ? ((JSON.parse(stored.bytes.toString('utf8')) as StoredManifest).layers ?? []) : [];
}

/** The manifests that an index lists. */
export function platformsOf(
  { store }: RunningRegistry,
  path: string,
  index: string,
): readonly string[] {
  const stored = store.getManifest(path, index);
  if (!stored) throw new Error(`${path} has no ${index}`);
  const { manifests } = JSON.parse(stored.bytes.toString('utf8')) as StoredManifest;
  return (manifests ?? []).map(({ digest }) => digest);
}

const isGzip = (bytes: Buffer): boolean => bytes.readUInt16BE(0) === 0x1f8b;

/** All that the registry holds, layers unpacked. */
export function everyByteOf({ store }: RunningRegistry): Buffer {
  return Buffer.concat(
    store.repositories().flatMap((path) => {
      const manifests = [...store.manifests(path).values()].map(({ bytes }) => bytes);
      const digests = manifests.flatMap(
        (bytes) => bytes.toString('utf8').match(/sha256:[0-9a-f]{64}/g) ?? [],
      );
      const blobs = digests.flatMap((digest) => store.getBlob(path, digest) ?? []);
      return [...manifests, ...blobs.map((blob) => (isGzip(blob) ? gunzipSync(blob) : blob))];
    }),
  );
}
