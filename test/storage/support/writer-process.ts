import { newMaterial, targetAt } from '../../../dev/load/signer';
import type { Descriptor } from '../../../src/oci';
import { signImage } from '../../../src/sign';
import { provenanceOf } from '../../verify/support/lab';

/** Number of concurrent signatures, each by a separate key. */
export interface WritingOrder {
  readonly repository: string;
  readonly image: Descriptor;
  readonly writers: number;
}

/** The key ids of what was made, or the code of the error. */
export type WritingAnswer = { readonly keys: readonly string[] } | { readonly error: string };

/** Signs the image and its provenance in both formats, and so writes all of the shared tags. */
export async function write({ repository: name, image, writers }: WritingOrder): Promise<string[]> {
  const { client, repository } = targetAt(name, image.digest);
  const provenance = provenanceOf(repository, image.digest);
  const materials = Array.from({ length: writers }, newMaterial);
  const targets = [{ manifest: image, annotations: {}, provenance }];
  try {
    await Promise.all(
      materials.map((material) =>
        signImage({ repository, targets, format: 'both', material }, client),
      ),
    );
  } finally {
    await client.close();
  }
  return materials.map(({ publicKey }) => publicKey.keyId);
}

const answer = (message: WritingAnswer | 'ready'): void => void process.send?.(message);

process.on('message', (order: WritingOrder) => {
  write(order).then(
    (keys) => answer({ keys }),
    (error: unknown) => answer({ error: error instanceof Error ? error.message : 'unknown' }),
  );
});

if (require.main === module) answer('ready');
