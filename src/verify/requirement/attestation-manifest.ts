import { type ParsedStatement, parseStatement } from '../../attest/parsed-statement';
import { SignedImageError } from '../../error';
import type { RegistryClient } from '../../oci/client';
import type { Digest } from '../../oci/digest';
import { parseManifest } from '../../oci/manifest';
import { pinned, type Repository } from '../../oci/reference';

const STATEMENT_MEDIA_TYPE = 'application/vnd.in-toto+json';
const PREDICATE_TYPE_ANNOTATION = 'in-toto.io/predicate-type';
/** As for bundles, which contain such statements too. */
const MAX_STATEMENT_BYTES = 16 * 1024 * 1024;
const MAX_STATEMENTS = 32;

/**
 * Reads the statements of one predicate type in an attestation manifest of BuildKit. The statements are not signed;
 * the manifest may be.
 *
 * https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md
 *
 * @throws SignedImageError `REGISTRY_*`, `CONTENT_*`
 */
export async function readBuildkitStatements(
  client: RegistryClient,
  repository: Repository,
  digest: Digest,
  predicateType: string,
): Promise<readonly ParsedStatement[]> {
  const image = pinned(repository, digest);
  const fetched = await client.getManifest(repository, digest);
  if (!fetched) throw unusable('REGISTRY_NOT_FOUND', `the registry does not have ${image}`);
  const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
  const layers = manifest.kind === 'image' ? manifest.layers : [];
  const wanted = layers.filter(
    ({ mediaType, annotations }) =>
      mediaType === STATEMENT_MEDIA_TYPE &&
      annotations?.[PREDICATE_TYPE_ANNOTATION] === predicateType,
  );
  if (wanted.length > MAX_STATEMENTS) {
    throw unusable(
      'CONTENT_TOO_LARGE',
      `${image} has more than ${MAX_STATEMENTS} statements of one type`,
    );
  }
  const statements: ParsedStatement[] = [];
  for (const layer of wanted) {
    if (layer.size > MAX_STATEMENT_BYTES) {
      throw unusable(
        'CONTENT_TOO_LARGE',
        `a statement of ${image} has ${layer.size} bytes, which exceeds the limit`,
      );
    }
    const bytes = await client.getBlob(repository, layer);
    if (!bytes)
      throw unusable('CONTENT_MALFORMED', `the registry does not have a statement of ${image}`);
    statements.push(parseStatement(bytes));
  }
  return statements;
}

function unusable(
  code: 'REGISTRY_NOT_FOUND' | 'CONTENT_TOO_LARGE' | 'CONTENT_MALFORMED',
  message: string,
): SignedImageError {
  return new SignedImageError({ code, message });
}
