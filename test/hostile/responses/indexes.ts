import { type Descriptor, OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import { onPlatform, pushImage, pushIndex } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
import { listed, nowhere, type Scene } from '../support/scene';

const LINUX = { os: 'linux', architecture: 'riscv64' };

function second(scene: Scene): Descriptor {
  const [, platform] = scene.platforms;
  if (!platform) throw new Error('there are two platforms');
  return platform;
}

/** The signed index with further entries. */
async function extended(scene: Scene, more: readonly object[]): Promise<void> {
  const { manifests } = scene.json(scene.image.digest) as unknown as { manifests: object[] };
  scene.poseIndex([...manifests, ...more]);
}

/** Signs the stored index itself, without its manifests. */
const signRoot = (scene: Scene) => scene.sign([scene.image]);

export const INDEX_CASES: readonly HostileResponse[] = [
  {
    name: 'a missing platform manifest',
    shape: 'index',
    inject: (scene) => scene.store.deleteManifest(scene.path, second(scene).digest),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'other bytes under the digest of a platform manifest',
    shape: 'index',
    inject: (scene) =>
      scene.store.putManifest(
        scene.path,
        { mediaType: OCI_MANIFEST, bytes: Buffer.from('{"schemaVersion":2}') },
        { digest: second(scene).digest },
      ),
    expect: 'VERIFY_SIGNATURE_INVALID',
  },
  {
    name: 'a platform manifest that is temporarily unavailable',
    shape: 'index',
    inject: (scene) => scene.answerAt(`manifests/${second(scene).digest}`, { status: 500 }),
    expect: 'VERIFY_INCONCLUSIVE',
  },
  {
    name: 'a platform manifest whose signature was removed',
    shape: 'index',
    inject: (scene) => {
      for (const digest of scene.referrers(second(scene).digest))
        scene.store.deleteManifest(scene.path, digest);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a signed index with an additional unsigned platform',
    shape: 'index',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      await extended(scene, [onPlatform(other, LINUX)]);
      await signRoot(scene);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'an unsigned index of the signed platforms',
    shape: 'index',
    inject: (scene) => scene.poseIndex(listed(scene.platforms.slice(0, 1))),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'the tag on an index with the platforms exchanged',
    shape: 'index',
    operation: 'resolve',
    inject: (scene) => scene.poseIndex(listed([...scene.platforms].reverse())),
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a runnable image declared as an attestation manifest',
    shape: 'index',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      const annotations = { 'vnd.docker.reference.type': 'attestation-manifest' };
      await extended(scene, [{ ...onPlatform(other, LINUX), annotations }]);
      await signRoot(scene);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'an image without a platform in an index',
    shape: 'index',
    inject: async (scene) => {
      await extended(scene, [await pushImage(scene.lab, scene.repository)]);
      await signRoot(scene);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a platform that is only partially unknown',
    shape: 'index',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      await extended(scene, [onPlatform(other, { os: 'linux', architecture: 'unknown' })]);
      await signRoot(scene);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'a manifest listed first as unknown and then as runnable',
    shape: 'index',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      const unknown = { os: 'unknown', architecture: 'unknown' };
      await extended(scene, [onPlatform(other, unknown), onPlatform(other, LINUX)]);
      await signRoot(scene);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'an unsigned image in a nested index',
    shape: 'index',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      const inner = await pushIndex(scene.lab, scene.repository, [onPlatform(other, LINUX)]);
      await extended(scene, [inner]);
      await scene.sign([scene.image, inner]);
    },
    expect: 'VERIFY_UNSIGNED',
  },
  {
    name: 'an index of an index of an index of an index',
    operation: 'sign',
    inject: (scene) => {
      let inner: object = scene.image;
      for (let depth = 0; depth < 4; depth += 1) inner = scene.poseIndex([inner]);
    },
    expect: 'CONTENT_MALFORMED',
  },
  {
    name: 'an index that contains itself, according to the registry',
    operation: 'sign',
    inject: (scene) => {
      const digest = nowhere('loop');
      scene.poseIndex([{ mediaType: OCI_INDEX, digest, size: 10 }]);
      const { bytes } = scene.stored(scene.image.digest);
      scene.store.putManifest(scene.path, { mediaType: OCI_INDEX, bytes }, { digest });
    },
    expect: 'CONTENT_MALFORMED',
  },
  {
    name: 'an index of thousands of platforms',
    operation: 'sign',
    inject: (scene) =>
      scene.poseIndex(
        Array.from({ length: 20_000 }, (_, at) => ({
          mediaType: OCI_MANIFEST,
          digest: nowhere(`platform ${at}`),
          size: 1,
        })),
      ),
    expect: 'CONTENT_TOO_LARGE',
  },
  {
    name: 'one platform listed a thousand times',
    shape: 'index',
    inject: async (scene) => {
      await extended(scene, new Array<object>(1000).fill(second(scene)));
      await signRoot(scene);
      scene.lab.registry.clearRequests();
    },
    expect: 'ignored',
    after: ({ lab }) => expect(lab.registry.requests.length).toBeLessThan(50),
  },
  {
    name: 'a platform listed with a wrong size',
    shape: 'index',
    operation: 'sign',
    inject: (scene) => scene.poseIndex([{ ...second(scene), size: 1 }]),
    expect: 'CONTENT_MALFORMED',
  },
  {
    name: 'a platform listed with a wrong media type',
    shape: 'index',
    operation: 'sign',
    inject: (scene) => scene.poseIndex([{ ...second(scene), mediaType: OCI_INDEX }]),
    expect: 'CONTENT_MALFORMED',
  },
  {
    name: 'a platform listed by a digest of another algorithm',
    operation: 'sign',
    inject: (scene) =>
      scene.poseIndex([{ mediaType: OCI_MANIFEST, digest: `sha512:${'a'.repeat(128)}`, size: 1 }]),
    expect: 'CONTENT_MALFORMED',
  },
  {
    name: 'a platform whose architecture is a number',
    operation: 'sign',
    inject: (scene) =>
      scene.poseIndex([{ ...scene.image, platform: { os: 'linux', architecture: 64 } }]),
    expect: 'CONTENT_MALFORMED',
  },
];
