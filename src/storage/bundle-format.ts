import type { Bundle } from '@sigstore/bundle';

import { PROVENANCE_PREDICATE_TYPE, SIGNATURE_PREDICATE_TYPE } from '../attest/statement';
import { SignedImageError, messageOf } from '../error';
import type { ReferrersOptions, RegistryClient, StoredReferrer } from '../oci/client';
import type { Descriptor } from '../oci/descriptor';
import { type Digest, digestOf } from '../oci/digest';
import {
  type ImageIndex,
  type ImageManifest,
  MAX_MANIFEST_BYTES,
  parseManifest,
} from '../oci/manifest';
import { OCI_EMPTY, OCI_MANIFEST } from '../oci/media-type';
import { type Repository, formatRepository } from '../oci/reference';
import { parseJsonObject } from '../oci/strict-json';
import type { Purpose } from './signature';
import { mapBounded } from './bounded';
import { boundedBundle } from './bounded-bundle';
import { toBundleJson } from './bundle-json';
import {
  BUNDLE_MEDIA_TYPE,
  PREDICATE_TYPE_ANNOTATION,
  encodeBundleManifest,
} from './bundle-manifest';
import { type Finding, type Findings, gatherFindings } from './candidate';
import { findingOfFailure, OVER_BUDGET, pause, withinBudget } from './read-budget';
import { readReferrers, type ReferrerRead } from './referrer-read';
import { claimedSigningTime } from '../sigstore/timestamp';

/** The older of the two names of the same version. */
const BUNDLE_MEDIA_TYPE_LONG = 'application/vnd.dev.sigstore.bundle+json;version=0.3';

const EMPTY_CONFIG = Buffer.from('{}', 'utf8');
const MAX_BUNDLE_BYTES = 16 * 1024 * 1024;
const MAX_REFERRERS = 2500;
const PARALLEL_READS = 6;
const MAX_WRITES = 4;
/** How often the referrers are read before the manifest is written again. */
const MAX_READS_AFTER_WRITE = 5;

export interface BundleToStore {
  readonly repository: Repository;
  /** The manifest that was signed. */
  readonly subject: Descriptor;
  readonly bundle: Bundle;
  readonly predicateType: string;
  /** The time to write as `created` if the bundle does not contain one. */
  readonly signedAt: Date;
  /** Called with the referrer manifest's digest before it is written: a failure may leave it in the registry. */
  readonly announce?: (manifest: Digest) => void;
}

/** A written bundle, which can be written again. */
export interface WrittenBundle {
  /** Of the referrer manifest. */
  readonly digest: Digest;
  /** Ensures that the registry lists it, by writing it again if necessary. */
  readonly confirm: (read: ReferrerRead) => Promise<void>;
}

/**
 * Stores a bundle as referrer of the image. The same bundle results in the same manifest, so that a
 * retry adds nothing. `confirm` checks whether it is listed, for all bundles together.
 *
 * https://github.com/sigstore/cosign/blob/main/specs/BUNDLE_SPEC.md
 *
 * @throws SignedImageError `REGISTRY_*`
 */
export async function writeBundle(
  client: RegistryClient,
  store: BundleToStore,
): Promise<WrittenBundle> {
  const { repository, subject } = store;
  const json = encodeBundle(store.bundle);
  const bundle = await client.putBlob(repository, json, BUNDLE_MEDIA_TYPE);
  const config = await client.putBlob(repository, EMPTY_CONFIG, OCI_EMPTY);
  const manifest = encodeBundleManifest({
    subject,
    config,
    bundle,
    predicateType: store.predicateType,
    created: claimedSigningTime(store.bundle) ?? store.signedAt,
  });
  store.announce?.(digestOf(manifest));
  const { descriptor, listedBy } = await put(client, store, manifest);
  // The entry was read back from the tag, and preconditions prevent other writers from removing it.
  const isConfirmed =
    listedBy === 'tag' && client.traits(repository).expects('honorsPreconditions');
  return {
    digest: descriptor.digest,
    confirm: (read) =>
      putUntilListed(client, store, manifest, isConfirmed ? async () => [descriptor] : read),
  };
}

/** Encodes a bundle as it is stored. */
export function encodeBundle(bundle: Bundle): Buffer {
  return Buffer.from(JSON.stringify(toBundleJson(bundle)), 'utf8');
}

function put(
  client: RegistryClient,
  { repository, subject }: BundleToStore,
  manifest: Buffer,
): Promise<StoredReferrer> {
  return client
    .putReferrer(repository, subject, manifest, OCI_MANIFEST)
    .catch((error: unknown) => Promise.reject(withAlternative(error)));
}

/**
 * Without the referrers API the list is a tag that is replaced as a whole, so another writer may
 * remove an entry; and some registries list pushed manifests only after a delay.
 */
async function putUntilListed(
  client: RegistryClient,
  store: BundleToStore,
  manifest: Buffer,
  first: ReferrerRead,
): Promise<void> {
  const { repository, subject } = store;
  const digest = digestOf(manifest);
  const traits = client.traits(repository);
  for (let attempt = 0; attempt < MAX_WRITES; attempt += 1) {
    if (attempt > 0) await put(client, store, manifest);
    for (let reads = 0; reads < MAX_READS_AFTER_WRITE; reads += 1) {
      if (attempt + reads > 0) await pause(attempt + reads);
      const isFirst = attempt + reads === 0;
      const listed = await (isFirst ? first : readReferrers(client, repository))(subject.digest);
      if (!(await isListed(client, repository, listed, digest))) continue;
      // With the fallback tag, another writer may have caused the delay.
      if (reads > 0 && !traits.has('noReferrersApi')) traits.note('lateVisibility');
      return;
    }
  }
  throw new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `${formatRepository(repository)} accepted the signature of ${subject.digest}, but does not list it among the image's referrers; run again`,
  });
}

/** Suggests the legacy format, which does not need the list of referrers. */
function withAlternative(error: unknown): unknown {
  if (!(error instanceof SignedImageError) || error.code !== 'REGISTRY_CONFLICT') return error;
  return new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `${error.message}. Alternatively use format "legacy", whose tags (.sig, .att) can be written once for each image`,
    property: 'format',
    cause: error,
  });
}

async function isListed(
  client: RegistryClient,
  repository: Repository,
  referrers: readonly Descriptor[],
  digest: Digest,
): Promise<boolean> {
  if (!referrers.some((referrer) => referrer.digest === digest)) return false;
  return (await client.getManifest(repository, digest)) !== undefined;
}

/**
 * Reads all bundles that refer to the image, of any signer. Other referrers are skipped; each
 * manifest is fetched, because lists of older tools contain neither types nor annotations.
 *
 * @throws SignedImageError `REGISTRY_*` if the list itself cannot be read
 */
export async function readBundles(
  client: RegistryClient,
  repository: Repository,
  subject: Digest,
  options?: ReferrersOptions,
): Promise<Findings> {
  const referrers = uniqueManifests(await client.referrers(repository, subject, options));
  if (referrers.length > MAX_REFERRERS) {
    throw new SignedImageError({
      code: 'CONTENT_TOO_LARGE',
      message: `${subject} has ${referrers.length} referrers, and at most ${MAX_REFERRERS} are read; remove those that are no longer needed`,
    });
  }
  const reader = new BundleReader(client, repository, subject);
  // A hostile manifest may be as large as a bundle.
  const smallEnough = withinBudget(referrers.filter(({ size }) => size <= MAX_MANIFEST_BYTES));
  const opened = await mapBounded(referrers, PARALLEL_READS, async (referrer): Promise<Opened> =>
    referrer.size > MAX_MANIFEST_BYTES || smallEnough.has(referrer)
      ? reader.open(referrer)
      : { found: unreadFinding(referrer.digest) },
  );
  const listed = opened.flatMap(({ listed: one }) => (one ? [one] : []));
  const inBudget = withinBudget(listed.filter(({ size }) => size <= MAX_BUNDLE_BYTES));
  return gatherFindings(
    await mapBounded(opened, PARALLEL_READS, async ({ listed: one, found }) => {
      if (!one) return found;
      const read = one.size > MAX_BUNDLE_BYTES || inBudget.has(one);
      return read ? reader.read(one) : unreadFinding(one.stored);
    }),
  );
}

/** Removes duplicates: a list may contain one manifest many times. */
function uniqueManifests(referrers: readonly Descriptor[]): readonly Descriptor[] {
  const manifests = referrers.filter(({ mediaType }) => mediaType === OCI_MANIFEST);
  return [...new Map(manifests.map((referrer) => [referrer.digest, referrer])).values()];
}

function unreadFinding(stored: Digest): Finding {
  return { unread: { stored, reason: OVER_BUDGET } };
}

/** A bundle that a referrer manifest references. */
interface ListedBundle {
  readonly stored: Digest;
  readonly layer: Descriptor;
  readonly size: number;
  readonly purpose: Purpose | undefined;
  /** The image that the manifest refers to. */
  readonly refersTo: Digest | undefined;
}

/** A bundle to read, or the final result. */
interface Opened {
  readonly listed?: ListedBundle;
  readonly found?: Finding;
}

class BundleReader {
  constructor(
    private readonly client: RegistryClient,
    private readonly repository: Repository,
    private readonly subject: Digest,
  ) {}

  async open(referrer: Descriptor): Promise<Opened> {
    const stored = referrer.digest;
    let manifest: ImageManifest | ImageIndex;
    try {
      if (referrer.size > MAX_MANIFEST_BYTES) throw tooLarge('manifest', referrer.size);
      const fetched = await this.client.getManifest(this.repository, stored);
      // Listed but absent: it was removed in between, or the list is stale.
      if (!fetched) return {};
      manifest = parseManifest(fetched.bytes, OCI_MANIFEST);
    } catch (error) {
      const found = findingOfFailure(error, stored);
      // A referrer that is not listed as a bundle does not have to be well-formed.
      const skipped = found && 'unusable' in found && !isBundleType(referrer.artifactType);
      return skipped ? {} : { found };
    }
    const layer = bundleLayer(manifest);
    if (!layer) return {};
    const purpose = purposeOf(manifest.annotations?.[PREDICATE_TYPE_ANNOTATION]);
    const refersTo = manifest.subject?.digest;
    return { listed: { stored, layer, size: layer.size, purpose, refersTo } };
  }

  async read({ stored, layer, size, purpose, refersTo }: ListedBundle): Promise<Finding> {
    try {
      if (refersTo !== this.subject) throw malformed('its manifest refers to another image');
      if (size > MAX_BUNDLE_BYTES) throw tooLarge('bundle', size);
      const bytes = await this.client.getBlob(this.repository, layer);
      if (!bytes) throw malformed('the registry does not have its bundle');
      return { candidate: { format: 'bundle', stored, bundle: parseBundle(bytes) } };
    } catch (error) {
      return findingOfFailure(error, stored, purpose);
    }
  }
}

function bundleLayer(manifest: ImageManifest | ImageIndex): Descriptor | undefined {
  const [layer] = manifest.kind === 'image' ? manifest.layers : [];
  return isBundleType(layer?.mediaType) ? layer : undefined;
}

/** Accepts any version: an old one is reported, not skipped. */
function isBundleType(mediaType: string | undefined): boolean {
  return mediaType?.startsWith('application/vnd.dev.sigstore.bundle') ?? false;
}

function purposeOf(predicateType: string | undefined): Purpose | undefined {
  if (predicateType === SIGNATURE_PREDICATE_TYPE) return 'signature';
  return predicateType === PROVENANCE_PREDICATE_TYPE ? 'provenance' : undefined;
}

function parseBundle(bytes: Buffer): Bundle {
  const json = parseJsonObject(bytes, 'the bundle');
  const { mediaType } = json;
  // cosign rejects older versions, too: they may lack an inclusion proof.
  if (mediaType !== BUNDLE_MEDIA_TYPE && mediaType !== BUNDLE_MEDIA_TYPE_LONG) {
    throw malformed(`its media type is ${JSON.stringify(mediaType)}, not that of version 0.3`);
  }
  try {
    return boundedBundle(json);
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
}

function malformed(reason: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `not a valid Sigstore bundle: ${reason}`,
    cause,
  });
}

function tooLarge(name: string, size: number): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    message: `the ${name} has ${size} bytes, which exceeds the limit`,
  });
}
