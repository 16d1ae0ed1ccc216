import {
  artifactTypeOf,
  type Descriptor,
  type Digest,
  type FetchedManifest,
  type ImageIndex,
  type ImageManifest,
  isIndexType,
  type LayoutEntry,
  parseJsonObject,
  parseManifest,
  type RegistryClient,
  type Repository,
  type Tag,
} from '../oci';
import { SignedImageError } from '../error';
import { legacyTag } from '../storage';
import type { KnownManifest } from '../verify';
import type { Recording } from './recording-client';

/** The content of an OCI layout, without the layers of the image. */
export interface LayoutContent {
  readonly entries: readonly LayoutEntry[];
  readonly blobs: ReadonlyMap<Digest, Buffer>;
}

interface LayoutSource {
  readonly repository: Repository;
  /** The image and its platform manifests. */
  readonly manifests: readonly KnownManifest[];
  readonly tag: Tag | undefined;
  readonly client: RegistryClient;
  readonly recording: Recording;
  /** Digests of referrer manifests and legacy layers: manifests without any of them are left out. Default: all. */
  readonly only?: ReadonlySet<Digest>;
}

/** Layers that registries may not store. https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md */
const NOT_DISTRIBUTED = /nondistributable|foreign/;

function parsed({ bytes, descriptor }: FetchedManifest): ImageManifest | ImageIndex {
  return parseManifest(bytes, descriptor.mediaType);
}

/**
 * Selects what was read for the layout: the manifests with their configs, and each stored signature whose content was
 * read completely.
 */
export async function layoutContent(source: LayoutSource): Promise<LayoutContent> {
  const { manifests, recording } = source;
  const blobs = new Map<Digest, Buffer>();
  const entries: LayoutEntry[] = [];
  const [root] = manifests;
  for (const { digest } of manifests) {
    const fetched = recording.manifests.get(digest);
    if (fetched === undefined) continue;
    blobs.set(digest, fetched.bytes);
    const manifest = parsed(fetched);
    if (manifest.kind === 'image') await addBlob(source, blobs, manifest.config);
    if (digest !== root?.digest) continue;
    const kind = isIndexType(fetched.descriptor.mediaType) ? 'index' : 'image';
    entries.push({ descriptor: fetched.descriptor, kind, tag: source.tag });
  }
  const subjects = new Set(manifests.map(({ digest }) => digest));
  for (const fetched of recording.manifests.values()) {
    const { subject } = subjectAndLayers(fetched);
    if (subject === undefined || !subjects.has(subject)) continue;
    if (!(await addSignature(source, blobs, fetched))) continue;
    const artifactType = artifactTypeOf(parseJsonObject(fetched.bytes, 'the referrer'));
    entries.push({
      descriptor: { ...fetched.descriptor, ...(artifactType !== undefined && { artifactType }) },
    });
  }
  for (const { digest } of manifests) {
    for (const purpose of ['signature', 'provenance'] as const) {
      const tag = legacyTag(digest, purpose);
      const fetched = recording.manifests.get(recording.tags.get(tag) ?? digest);
      if (fetched === undefined || fetched.descriptor.digest === digest) continue;
      if (!(await addSignature(source, blobs, fetched))) continue;
      const kind = purpose === 'signature' ? 'signatures' : 'attestations';
      entries.push({
        descriptor: fetched.descriptor,
        tag,
        ...(digest === root?.digest && { kind }),
      });
    }
  }
  return { entries, blobs };
}

/** Objects beside the image may be malformed; these are not included. */
function subjectAndLayers(fetched: FetchedManifest): {
  readonly subject?: Digest | undefined;
  readonly config?: Descriptor | undefined;
  readonly layers: readonly Descriptor[];
} {
  try {
    const manifest = parsed(fetched);
    return manifest.kind === 'image'
      ? { subject: manifest.subject?.digest, config: manifest.config, layers: manifest.layers }
      : { layers: [] };
  } catch (error) {
    if (error instanceof SignedImageError) return { layers: [] };
    throw error;
  }
}

/** Adds a signature manifest with its layers, unless it is not selected or a layer was not read. */
async function addSignature(
  source: LayoutSource,
  blobs: Map<Digest, Buffer>,
  fetched: FetchedManifest,
): Promise<boolean> {
  const { config, layers } = subjectAndLayers(fetched);
  const digests = [fetched.descriptor.digest, ...layers.map(({ digest }) => digest)];
  if (source.only && !digests.some((digest) => source.only?.has(digest))) return false;
  const contents = layers.map(({ digest }) => source.recording.blobs.get(digest));
  if (config === undefined || contents.includes(undefined)) return false;
  if (!(await addBlob(source, blobs, config))) return false;
  blobs.set(fetched.descriptor.digest, fetched.bytes);
  layers.forEach(({ digest }, index) => blobs.set(digest, contents[index]!));
  return true;
}

async function addBlob(
  { client, repository }: LayoutSource,
  blobs: Map<Digest, Buffer>,
  descriptor: Descriptor,
): Promise<boolean> {
  const bytes = await client.getBlob(repository, descriptor);
  if (bytes !== undefined) blobs.set(descriptor.digest, bytes);
  return bytes !== undefined;
}

/**
 * Returns what else an image consists of: all layers, and the manifests of an index that nothing runs (BuildKit's
 * attestations), which a copy of the index requires.
 *
 * @throws SignedImageError `REGISTRY_NOT_FOUND`, `CONTENT_MALFORMED`
 */
export async function imageContent(
  { repository, client }: Pick<LayoutSource, 'repository' | 'client'>,
  root: Digest,
): Promise<{
  readonly manifests: readonly FetchedManifest[];
  readonly blobs: readonly Descriptor[];
}> {
  const manifests = new Map<Digest, FetchedManifest>();
  const blobs = new Map<Digest, Descriptor>();
  const add = async (digest: Digest, depth: number): Promise<void> => {
    if (manifests.has(digest)) return;
    const fetched = await client.getManifest(repository, digest);
    if (fetched === undefined || depth > MAX_DEPTH) throw incomplete(digest);
    manifests.set(digest, fetched);
    const manifest = parsed(fetched);
    if (manifest.kind === 'index') {
      for (const child of manifest.manifests) await add(child.digest, depth + 1);
      return;
    }
    for (const blob of [manifest.config, ...manifest.layers])
      if (!NOT_DISTRIBUTED.test(blob.mediaType)) blobs.set(blob.digest, blob);
  };
  await add(root, 0);
  return { manifests: [...manifests.values()], blobs: [...blobs.values()] };
}

/** An index, and one nested index, as in a verification. */
const MAX_DEPTH = 2;

export function incomplete(digest: Digest): SignedImageError {
  return new SignedImageError({
    code: 'REGISTRY_NOT_FOUND',
    message: `the image cannot be exported with its layers: the registry does not have ${digest}, which it consists of`,
  });
}
