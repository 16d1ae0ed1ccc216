import { SignedImageError, type ErrorCode } from '../../../src/error';
import { signImage } from '../../../src/sign';
import { inspectImage, manifestsToSign, unmetParts, verifyImage } from '../../../src/verify';
import type { Question } from './lie';
import { type Scene, TAG } from './scene';

/** What came of it: the name that was given, or the code of the refusal. */
export type Outcome = { readonly imageRef: string } | { readonly code: ErrorCode };

async function verify(scene: Scene, digest = scene.image.digest): Promise<Outcome> {
  const { imageRef } = await verifyImage(scene.repository, digest, scene.policy, scene.client);
  return { imageRef: String(imageRef) };
}

const QUESTIONS: Readonly<Record<Question, (scene: Scene) => Promise<Outcome>>> = {
  verify: (scene) => verify(scene),

  /** As refresh does: it reports, and does not throw for what it finds. */
  refresh: async (scene) => {
    const { repository, image, policy, client } = scene;
    const report = await inspectImage(repository, image.digest, policy, client);
    const [unmet] = report.manifests.flatMap((manifest) => unmetParts(manifest, policy));
    if (report.verified !== (unmet === undefined)) throw new Error('the report contradicts itself');
    return unmet ? { code: unmet.code ?? 'INTERNAL' } : verify(scene);
  },

  /** A tag is read once; all else goes by the digest that it gave. */
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

/** Only errors of ours are answers; any other is a defect, and thrown on. */
export async function ask(question: Question, scene: Scene): Promise<Outcome> {
  try {
    return await QUESTIONS[question](scene);
  } catch (error) {
    if (error instanceof SignedImageError) return { code: error.code };
    throw error;
  }
}
