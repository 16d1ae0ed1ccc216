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

/** One signature, told apart from all others that may be beside it. */
export interface SignatureToRemove {
  /** The manifest that was signed. */
  readonly subject: Digest;
  readonly purpose: Purpose;
  readonly format: StoredFormat;
  /** Digest of the referrer manifest (`bundle`) or of the layer (`legacy`). */
  readonly stored: Digest;
  /** Base64 of the signature: others may have signed the very payload that is in a layer. */
  readonly signature?: string | undefined;
}

/** What became of it; `kept` where it cannot go without harm to others. */
export type SignatureRemoval =
  { readonly outcome: Removal } | { readonly outcome: 'kept'; readonly reason: string };

/**
 * Removes one signature and nothing else: other layers of a tag and other entries of a list stay.
 *
 * @throws SignedImageError `REGISTRY_*` where it could not be done now, or by these credentials
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
  // Some registries delete with a manifest all that refers to it.
  const others = await client.referrers(repository, stored);
  if (others.length > 0) {
    return { outcome: 'kept', reason: `others refer to it (${others[0]?.digest})` };
  }
  return { outcome: await client.removeReferrer(repository, subject, stored) };
}

async function removeLayer(
  client: RegistryClient,
  repository: Repository,
  signature: SignatureToRemove,
): Promise<SignatureRemoval> {
  const tag = legacyTag(signature.subject, signature.purpose);
  const isOurs = (layer: Descriptor): boolean =>
    layer.digest === signature.stored &&
    (signature.signature === undefined || layer.annotations?.[SIGNATURE] === signature.signature);
  const work = async (): Promise<SignatureRemoval> => {
    let outcome: Removal = 'absent';
    const unchanged = await changeTag<CurrentTag>(
      {
        read: () => readTag(client, repository, tag),
        isSettled: (now) => outcome === 'unsupported' || !now?.legacy.manifest.layers.some(isOurs),
        write: async (now, condition) => {
          outcome = now
            ? await writeWithout(client, repository, tag, now, isOurs, condition)
            : 'absent';
        },
        pause,
      },
      client.traits(repository),
    );
    if (!unchanged) return { outcome };
    const reason = {
      immutable: 'the tag that lists it is immutable',
      stuck: 'the registry does not let the tag be changed that lists it',
      undone: 'others write to the tag that lists it all the time',
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
  isOurs: (layer: Descriptor) => boolean,
  condition: PutManifestOptions,
): Promise<Removal> {
  const { legacy } = now;
  const left = legacy.manifest.layers.filter((layer) => !isOurs(layer));
  // By digest: if others add to the tag meanwhile, it stands for another manifest, which stays.
  if (left.length === 0) return client.removeManifest(repository, now.digest);
  const { config } = typesOf(legacy);
  const blob = await client.putBlob(repository, encodeLegacyConfig(left), config);
  const bytes = withoutLayers(legacy, { ...blob, mediaType: config }, isOurs);
  await replaceTag(client, repository, tag, bytes, now, condition);
  return 'removed';
}
