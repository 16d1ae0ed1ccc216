import type { RegistryContext } from './context';
import { refuse, type RegistryRequest, type RegistryResponse } from './exchange';
import { sha256, type StoredManifest } from './store';

const DIGEST = /^sha256:[0-9a-f]{64}$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const LIMIT = 4 * 1024 * 1024;

interface ParsedDescriptor {
  readonly mediaType?: string;
  readonly digest?: string;
  readonly urls?: readonly string[];
}

interface ParsedManifest {
  readonly mediaType?: string;
  readonly artifactType?: string;
  readonly config?: ParsedDescriptor;
  readonly layers?: readonly ParsedDescriptor[];
  readonly manifests?: readonly ParsedDescriptor[];
  readonly subject?: ParsedDescriptor;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function parseManifest(bytes: Buffer): ParsedManifest | undefined {
  try {
    const parsed: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? parsed
      : undefined;
  } catch {
    return undefined;
  }
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
export function readManifest(
  { store, settings, visibility }: RegistryContext,
  repository: string,
  reference: string,
): RegistryResponse {
  const digest = visibility.read(repository, reference, store.resolve(repository, reference));
  const manifest = digest === undefined ? undefined : store.getManifest(repository, digest);
  if (digest === undefined || !manifest) return refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  return {
    status: 200,
    headers: {
      'content-type': manifest.mediaType,
      'docker-content-digest': digest,
      ...(settings.etags && { etag: `"${digest}"` }),
    },
    body: manifest.bytes,
  };
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests */
export function writeManifest(
  context: RegistryContext,
  repository: string,
  reference: string,
  { headers, body }: RegistryRequest,
): RegistryResponse {
  const { store, settings, visibility } = context;
  const byDigest = reference.includes(':');
  if (!(byDigest ? DIGEST : TAG).test(reference))
    return refuse(400, 'TAG_INVALID', 'invalid reference');
  if (body.length > LIMIT) return refuse(413, 'SIZE_INVALID', 'manifest over 4 MiB');
  const digest = sha256(body);
  if (byDigest && digest !== reference) {
    return refuse(400, 'DIGEST_INVALID', 'provided digest did not match uploaded content');
  }
  const parsed = parseManifest(body);
  const mediaType = headers['content-type'] ?? parsed?.mediaType;
  if (!parsed || mediaType === undefined)
    return refuse(400, 'MANIFEST_INVALID', 'manifest invalid');
  if (parsed.mediaType !== undefined && parsed.mediaType !== mediaType) {
    return refuse(400, 'MANIFEST_INVALID', 'mediaType differs from Content-Type');
  }
  const missing = missingContent(context, repository, parsed);
  if (missing !== undefined) {
    return refuse(400, 'MANIFEST_BLOB_UNKNOWN', `blob unknown to registry: ${missing}`);
  }
  const previous = store.resolve(repository, reference);
  const refused =
    refusedCondition(context, headers, previous) ??
    (byDigest ? undefined : refusedTag(context, previous, digest, reference));
  if (refused) return refused;

  const isNew = store.resolve(repository, digest) === undefined;
  const manifest: StoredManifest = { mediaType, bytes: body };
  store.putManifest(repository, manifest, byDigest ? {} : { tag: reference });
  if (isNew) visibility.wrote(repository, digest, undefined, settings.lateVisibility);
  if (!byDigest && previous !== digest) {
    visibility.wrote(repository, reference, previous, settings.lateVisibility);
  }
  const subject = parsed.subject?.digest;
  const returnsSubject = subject !== undefined && (settings.referrersApi || settings.claimsSubject);
  return {
    status: 201,
    headers: {
      location: `/v2/${repository}/manifests/${digest}`,
      'docker-content-digest': digest,
      ...(returnsSubject && { 'oci-subject': subject }),
    },
  };
}

export function deleteManifest(
  { store, settings }: RegistryContext,
  repository: string,
  reference: string,
): RegistryResponse {
  if (settings.deleteDisabled) return refuse(405, 'UNSUPPORTED', 'deletes are disabled');
  if (!store.deleteManifest(repository, reference)) {
    return refuse(404, 'MANIFEST_UNKNOWN', 'manifest unknown');
  }
  return { status: 202 };
}

/** The first digest in the manifest that does not exist in the repository. A subject may be missing. */
function missingContent(
  { store }: RegistryContext,
  repository: string,
  { config, layers = [], manifests = [] }: ParsedManifest,
): string | undefined {
  const blobs = [...(config ? [config] : []), ...layers].filter(({ urls }) => !urls?.length);
  const blob = blobs.find(({ digest = '' }) => !store.getBlob(repository, digest));
  if (blob) return blob.digest ?? '(no digest)';
  const child = manifests.find(
    ({ digest = '' }) => store.resolve(repository, digest) === undefined,
  );
  return child && (child.digest ?? '(no digest)');
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-preconditions, for tags and digests. */
function refusedCondition(
  { settings }: RegistryContext,
  headers: RegistryRequest['headers'],
  previous: string | undefined,
): RegistryResponse | undefined {
  if (settings.etags && settings.conditions) {
    const wanted = headers['if-match'];
    if (
      wanted !== undefined &&
      (previous === undefined || (wanted !== '*' && wanted !== `"${previous}"`))
    ) {
      return refuse(412, 'PRECONDITION_FAILED', 'it has changed');
    }
    if (headers['if-none-match'] === '*' && previous !== undefined) {
      return refuse(412, 'PRECONDITION_FAILED', 'it exists');
    }
  }
  return undefined;
}

function refusedTag(
  { settings }: RegistryContext,
  previous: string | undefined,
  digest: string,
  tag: string,
): RegistryResponse | undefined {
  if (settings.immutableTags && previous !== undefined && previous !== digest) {
    return IMMUTABLE[settings.immutableTags === true ? 'ecr' : settings.immutableTags](tag);
  }
  return undefined;
}

const IMMUTABLE = {
  ecr: (tag: string) =>
    refuse(
      400,
      'TAG_INVALID',
      `The image tag '${tag}' already exists and cannot be overwritten because the tag is immutable.`,
    ),
  harbor: (tag: string) =>
    refuse(
      412,
      'PRECONDITION',
      `Failed to process request due to '${tag}' configured as immutable.`,
    ),
  silent: () => refuse(409, 'CONFLICT', 'the request could not be completed'),
} as const;
