import { checkImageResult } from '../../../build';
import type { SignatureRequest } from './order';

/**
 * Checks the image that a resource of another provider built, before it is signed. A command-line builder's is
 * checked by the resource that builds it, which builds again after a mismatch.
 *
 * @throws SignedImageError `BUILD_RESULT_MISMATCH`; `REGISTRY_*` if the registry cannot be read
 */
export async function checkProviderBuild({
  build,
  client,
  repository,
  digest,
}: SignatureRequest): Promise<void> {
  if (!build?.builder.startsWith('pulumi-')) return;
  await checkImageResult(client.task(), repository, digest, {
    platforms: build.platforms ?? [],
    labels: build.labels ?? {},
    // BuildKit adds its own provenance by default, which cannot be disabled in these resources.
    attestations: 'allowed',
  });
}
