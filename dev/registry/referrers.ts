import type { RegistryContext } from './context';
import { json, type RegistryRequest, type RegistryResponse } from './exchange';
import { parseManifest } from './manifests';

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#listing-referrers */
export function listReferrers(
  context: RegistryContext,
  repository: string,
  subject: string,
  { query }: RegistryRequest,
): RegistryResponse {
  const { settings, visibility } = context;
  // The response of Go's mux for an unknown path, as sent by registry:2.
  if (!settings.referrersApi) {
    return { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found\n' };
  }
  const wanted = query.get('artifactType');
  const all = descriptors(context, repository, subject)
    .filter(({ digest }) => visibility.read(repository, digest, digest) !== undefined)
    .filter(({ artifactType }) => wanted === null || artifactType === wanted);
  const from = Number(query.get('from') ?? 0);
  const end = from + settings.referrersPageSize;
  const next = new URLSearchParams({
    ...(wanted !== null && { artifactType: wanted }),
    from: String(end),
  });
  return json(
    200,
    {
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: all.slice(from, end),
    },
    {
      'content-type': 'application/vnd.oci.image.index.v1+json',
      ...(wanted !== null && { 'oci-filters-applied': 'artifactType' }),
      ...(end < all.length && {
        link: `</v2/${repository}/referrers/${subject}?${next}>; rel="next"`,
      }),
    },
  );
}

interface ReferrerDescriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

function descriptors(
  { store }: RegistryContext,
  repository: string,
  subject: string,
): ReferrerDescriptor[] {
  const found: ReferrerDescriptor[] = [];
  for (const [digest, { mediaType, bytes }] of store.manifests(repository)) {
    const manifest = parseManifest(bytes);
    if (manifest?.subject?.digest !== subject) continue;
    const artifactType = manifest.artifactType ?? manifest.config?.mediaType;
    found.push({
      mediaType,
      digest,
      size: bytes.length,
      ...(artifactType !== undefined && { artifactType }),
      ...(manifest.annotations && { annotations: manifest.annotations }),
    });
  }
  return found;
}
