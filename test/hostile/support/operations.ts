import { SignedImageError, type ErrorCode } from '../../../src/error';
import { signImage } from '../../../src/sign';
import { inspectImage, manifestsToSign, unmetParts, verifyImage } from '../../../src/verify';
import type { Operation } from './hostile-response';
import { type Scene, TAG } from './scene';

/** The result of an operation: the verified reference, or the code of the error. */
export type Outcome = { readonly imageRef: string } | { readonly code: ErrorCode };

async function verify(scene: Scene, digest = scene.image.digest): Promise<Outcome> {
  const { imageRef } = await verifyImage(scene.repository, digest, scene.policy, scene.client);
  return { imageRef: String(imageRef) };
}

const OPERATIONS: Readonly<Record<Operation, (scene: Scene) => Promise<Outcome>>> = {
  verify: (scene) => verify(scene),

  /** As in a refresh, which reports findings and does not throw them. */
  refresh: async (scene) => {
    const { repository, image, policy, client } = scene;
    const report = await inspectImage(repository, image.digest, policy, client);
    const [unmet] = report.manifests.flatMap((manifest) => unmetParts(manifest, policy));
    if (report.verified !== (unmet === undefined)) throw new Error('the report contradicts itself');
    return unmet ? { code: unmet.code ?? 'INTERNAL' } : verify(scene);
  },

  /** A tag is resolved once; all other requests use the digest. */
  resolve: async (scene) => {
    const found = await scene.client.resolve(scene.repository, TAG);
    return found ? verify(scene, found.digest) : { code: 'REGISTRY_NOT_FOUND' };
  },

  sign: async (scene) => {
    const { repository, image, material, format, client } = scene;
    const manifests = await manifestsToSign(repository, image.digest, client);
    const targets = manifests.map(({ descriptor }) => ({
      manifest: descriptor,
      annotations: { commit: 'again' },
      provenance: undefined,
    }));
    await signImage({ repository, targets, format, material }, client);
    return verify(scene);
  },
};

/** Errors of this package are results; any other error is a defect and is thrown. */
export async function perform(operation: Operation, scene: Scene): Promise<Outcome> {
  try {
    return await OPERATIONS[operation](scene);
  } catch (error) {
    if (error instanceof SignedImageError) return { code: error.code };
    throw error;
  }
}
