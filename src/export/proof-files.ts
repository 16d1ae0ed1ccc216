import { hexOf, parseManifest, type RegistryClient, type Repository } from '../oci';
import type { KnownManifest, SignatureEvidence } from '../verify';
import { manifestPath, type Proof, proofOf } from './proof';

/** Everything that is derived from verified signatures: the readable part of an export. */
export interface ProofFolder {
  readonly proofs: readonly Proof[];
  /** Content by path. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/**
 * Derives the readable files of an export from verified signatures, and from the manifests that they sign.
 *
 * @param client reads from the registry or, to compare an export with its own content, from the export
 */
export async function proofFiles(
  repository: Repository,
  manifests: readonly KnownManifest[],
  evidence: readonly SignatureEvidence[],
  client: RegistryClient,
): Promise<ProofFolder> {
  const files = new Map<string, Buffer>();
  const proofs: Proof[] = [];
  for (const { digest } of manifests) {
    const fetched = await client.getManifest(repository, digest);
    if (fetched === undefined) continue;
    files.set(manifestPath(digest), fetched.bytes);
    const manifest = parseManifest(fetched.bytes, fetched.descriptor.mediaType);
    const config =
      manifest.kind === 'image' ? await client.getBlob(repository, manifest.config) : undefined;
    if (config !== undefined && manifest.kind === 'image')
      files.set(`configs/sha256-${hexOf(manifest.config.digest)}.json`, config);
  }
  for (const each of evidence) {
    const { proof, contents } = await proofOf(each, repository, client);
    proofs.push(proof);
    for (const [path, bytes] of contents) files.set(path, bytes);
  }
  return { proofs, files };
}
