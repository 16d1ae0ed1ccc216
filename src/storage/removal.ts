import type { PutManifestOptions, RegistryClient } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import type { Digest } from '../oci/digest';
import type { Removal } from '../oci/client';
import { formatRepository, type Repository } from '../oci/reference';
import { withLock } from '../host/lock';
import { changeTag } from '../oci/shared-tag';
import type { Purpose, StoredFormat } from './signature';
import { type CurrentTag, legacyTag, readTag, replaceTag } from './legacy-format';
import { SIGNATURE } from './legacy-layer';
import { encodeLegacyConfig, typesOf, withoutLayers } from './legacy-manifest';
import { pause } from './read-budget';

/** One signature, identified among all others that may be stored with it. */
export interface SignatureToRemove {
  /** The manifest that was signed. */
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  readonly stored: Digest;
  /** Base64 of the signature: several signers may have signed the same payload in a layer. */
  readonly signature?: string | undefined;
}

/** The result; `kept` if it cannot be removed without affecting others. */
export type SignatureRemoval =
  { readonly outcome: Removal } | { readonly outcome: 'kept'; readonly reason: string };

/**
 * Removes one signature and nothing else: other layers of the tag and other entries of the list remain.
 *
 * @throws SignedImageError `REGISTRY_*` if it cannot be removed now, or with these credentials
 */
export async function removeSignature(
  client: RegistryClient,
  repository: Repository,
  signature: SignatureToRemove,
): Promise<SignatureRemoval> {
  return signature.format === 'bundle'
    ? removeBundle(client, repository, signature)
    : removeLayer(client, repository, signature);
}

async function removeBundle(
  client: RegistryClient,
  repository: Repository,
  { subject, stored }: SignatureToRemove,
): Promise<SignatureRemoval> {
  // Some registries delete all referrers of a manifest together with it.
  const others = await client.referrers(repository, stored);
  if (others.length > 0) {
    return { outcome: 'kept', reason: `other manifests refer to it (${others[0]?.digest})` };
  }
  return { outcome: await client.removeReferrer(repository, subject, stored) };
}

async function removeLayer(
  client: RegistryClient,
  repository: Repository,
  signature: SignatureToRemove,
): Promise<SignatureRemoval> {
  const tag = legacyTag(signature.subject, signature.purpose);
  const isRemoved = (layer: Descriptor): boolean =>
    layer.digest === signature.stored &&
    (signature.signature === undefined || layer.annotations?.[SIGNATURE] === signature.signature);
  const work = async (): Promise<SignatureRemoval> => {
    let outcome: Removal = 'absent';
    const unchanged = await changeTag<CurrentTag>(
      {
        read: () => readTag(client, repository, tag),
        isSettled: (now) => outcome === 'unsupported' || !now?.legacy.manifest.layers.some(isRemoved),
        write: async (now, condition) => {
          outcome = now
            ? await writeWithout(client, repository, tag, now, isRemoved, condition)
            : 'absent';
        },
        pause,
      },
      client.traits(repository),
    );
    if (!unchanged) return { outcome };
    const reason = {
      immutable: 'the tag that lists it is immutable',
      stuck: 'the registry rejects changes to the tag that lists it',
      undone: 'other writers keep overwriting the tag that lists it',
    }[unchanged.why];
    return { outcome: 'kept', reason: `${reason} (${tag})` };
  };
  return withLock(`${formatRepository(repository)}:${tag}`, work);
}

async function writeWithout(
  client: RegistryClient,
  repository: Repository,
  tag: ReturnType<typeof legacyTag>,
  now: CurrentTag,
  isRemoved: (layer: Descriptor) => boolean,
  condition: PutManifestOptions,
): Promise<Removal> {
  const { legacy } = now;
  const remaining = legacy.manifest.layers.filter((layer) => !isRemoved(layer));
  // By digest: if other writers add to the tag in the meantime, it points to another manifest, which remains.
  if (remaining.length === 0) return client.removeManifest(repository, now.digest);
  const { config } = typesOf(legacy);
  const blob = await client.putBlob(repository, encodeLegacyConfig(remaining), config);
  const bytes = withoutLayers(legacy, { ...blob, mediaType: config }, isRemoved);
  await replaceTag(client, repository, tag, bytes, now, condition);
  return 'removed';
}
