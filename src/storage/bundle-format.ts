import { type Bundle, bundleToJSON } from '@sigstore/bundle';

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
const MAX_TRIES = 4;
/** How often it is looked for until it is written again. */
const LOOKS_AFTER_WRITE = 5;

export interface BundleToStore {
  readonly repository: Repository;
  /** The manifest that was signed. */
  readonly subject: Descriptor;
  readonly bundle: Bundle;
  readonly predicateType: string;
  /** Time to write as `created` where the bundle carries none of its own. */
  readonly signedAt: Date;
  /** Told of the referrer manifest before it is written: a failure may leave it there. */
  readonly announce?: (manifest: Digest) => void;
}

/** A bundle that was written, as it can be written again. */
export interface WrittenBundle {
  /** Of the referrer manifest. */
  readonly digest: Digest;
  /** Sees to it that the registry lists it: writes it again where it does not. */
  readonly confirm: (look: ReferrerRead) => Promise<void>;
}

/**
 * Stores a bundle as referrer of the image. The same bundle gives the same manifest, so that a
 * second try adds nothing. Whether it is listed is looked at in `confirm`, for all bundles together.
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
  // It was seen in the tag, and no other writer can undo that where conditions are heeded.
  const isSeen = listedBy === 'tag' && client.traits(repository).expects('honorsPreconditions');
  return {
    digest: descriptor.digest,
    confirm: (look) =>
      putUntilListed(client, store, manifest, isSeen ? async () => [descriptor] : look),
  };
}

/** The bytes of a bundle, as they are stored. */
export function encodeBundle(bundle: Bundle): Buffer {
  return Buffer.from(JSON.stringify(bundleToJSON(bundle)), 'utf8');
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
 * Without the referrers API the list is a tag that is replaced as a whole, so a writer elsewhere
 * may undo an entry; and some registries show what was pushed only after a while.
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
  for (let attempt = 0; attempt < MAX_TRIES; attempt += 1) {
    if (attempt > 0) await put(client, store, manifest);
    for (let look = 0; look < LOOKS_AFTER_WRITE; look += 1) {
      if (attempt + look > 0) await pause(attempt + look);
      const isFirst = attempt + look === 0;
      const listed = await (isFirst ? first : readReferrers(client, repository))(subject.digest);
      if (!(await isListed(client, repository, listed, digest))) continue;
      // A tag that lists it may have been undone by others instead.
      if (look > 0 && !traits.has('noReferrersApi')) traits.note('lateVisibility');
      return;
    }
  }
  throw new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `${formatRepository(repository)} took the signature of ${subject.digest}, and does not list it among the image's referrers; try again`,
  });
}

/** A list that cannot be added to is needed by this format only. */
function withAlternative(error: unknown): unknown {
  if (!(error instanceof SignedImageError) || error.code !== 'REGISTRY_CONFLICT') return error;
  return new SignedImageError({
    code: 'REGISTRY_CONFLICT',
    message: `${error.message}. Or use format "legacy", whose tags (.sig, .att) can be written once for each image`,
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
 * Every bundle that refers to the image, whoever wrote it. Referrers that are no bundles are passed
 * over; each manifest is opened, because listings of older tools carry neither type nor annotations.
 *
 * @throws SignedImageError `REGISTRY_*` where the list itself cannot be read
 */
export async function readBundles(
  client: RegistryClient,
  repository: Repository,
  subject: Digest,
  options?: ReferrersOptions,
): Promise<Findings> {
  const referrers = once(await client.referrers(repository, subject, options));
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
      : { found: leftUnread(referrer.digest) },
  );
  const listed = opened.flatMap(({ listed: one }) => (one ? [one] : []));
  const chosen = withinBudget(listed.filter(({ size }) => size <= MAX_BUNDLE_BYTES));
  return gatherFindings(
    await mapBounded(opened, PARALLEL_READS, async ({ listed: one, found }) => {
      if (!one) return found;
      const read = one.size > MAX_BUNDLE_BYTES || chosen.has(one);
      return read ? reader.read(one) : leftUnread(one.stored);
    }),
  );
}

/** A list may name one thing many times; it is opened once. */
function once(referrers: readonly Descriptor[]): readonly Descriptor[] {
  const manifests = referrers.filter(({ mediaType }) => mediaType === OCI_MANIFEST);
  return [...new Map(manifests.map((referrer) => [referrer.digest, referrer])).values()];
}

function leftUnread(stored: Digest): Finding {
  return { unread: { stored, reason: OVER_BUDGET } };
}

/** A bundle that a referrer manifest points at. */
interface ListedBundle {
  readonly stored: Digest;
  readonly layer: Descriptor;
  readonly size: number;
  readonly purpose: Purpose | undefined;
  /** The image that the manifest refers to. */
  readonly refersTo: Digest | undefined;
}

/** A bundle to read, or all that there is to say. */
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
      // Listed and gone: somebody removed it meanwhile, or the list is stale.
      if (!fetched) return {};
      manifest = parseManifest(fetched.bytes, OCI_MANIFEST);
    } catch (error) {
      const found = findingOfFailure(error, stored);
      // What is not even listed as a bundle need not be well-formed.
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

/** Any version: an old one is reported, not passed over. */
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
  // Older ones are refused by cosign too: they may come without an inclusion proof.
  if (mediaType !== BUNDLE_MEDIA_TYPE && mediaType !== BUNDLE_MEDIA_TYPE_LONG) {
    throw malformed(`its media type is ${JSON.stringify(mediaType)}, and not that of version 0.3`);
  }
  try {
    return boundedBundle(json);
  } catch (error) {
    throw malformed(messageOf(error), error);
  }
}

function malformed(why: string, cause?: unknown): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_MALFORMED',
    message: `not a usable Sigstore bundle: ${why}`,
    cause,
  });
}

function tooLarge(what: string, size: number): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    message: `the ${what} has ${size} bytes, more than is read`,
  });
}
