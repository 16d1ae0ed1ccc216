import { OCI_MANIFEST } from '../../../src/oci';
import { pushImage } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
import { nowhere, type Scene, TAG } from '../support/scene';

const NOT_OURS = ['VERIFY_UNSIGNED', 'VERIFY_SIGNATURE_INVALID'] as const;

const head = (digest: string, extra: Readonly<Record<string, string>> = {}) => ({
  status: 200,
  headers: {
    'content-type': OCI_MANIFEST,
    'docker-content-digest': digest,
    'content-length': '500',
    ...extra,
  },
});

/** HEAD of the tag returns a different response than GET, which is correct. */
function lieInHead(scene: Scene, answer: ReturnType<typeof head>): void {
  scene.answerAt(`manifests/${TAG}`, ({ method }) => (method === 'HEAD' ? answer : undefined));
}

/** Responses for a tag. */
export const TAG_CASES: readonly HostileResponse[] = [
  {
    name: 'a tag that was moved to an unsigned image',
    operation: 'resolve',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      scene.store.putManifest(scene.path, scene.stored(other.digest), { tag: TAG });
    },
    expect: NOT_OURS,
  },
  {
    name: 'a tag that refers to another image at each read',
    operation: 'resolve',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      let reads = 0;
      scene.answerAt(`manifests/${TAG}`, ({ method }) => {
        reads += 1;
        const digest = reads % 2 === 1 ? scene.image.digest : other.digest;
        const { bytes } = scene.stored(digest);
        const { headers } = head(digest, { 'content-length': String(bytes.length) });
        return { status: 200, headers, body: method === 'HEAD' ? '' : bytes };
      });
    },
    expect: 'ignored',
  },
  {
    name: 'HEAD of a tag returns an unsigned image, GET the signed one',
    operation: 'resolve',
    inject: async (scene) =>
      lieInHead(scene, head((await pushImage(scene.lab, scene.repository)).digest)),
    expect: NOT_OURS,
  },
  {
    name: 'HEAD of a tag returns a missing digest',
    operation: 'resolve',
    inject: (scene) => lieInHead(scene, head(nowhere('head'))),
    expect: 'REGISTRY_NOT_FOUND',
  },
  {
    name: 'HEAD of a tag returns a wrong size and type',
    operation: 'resolve',
    inject: (scene) =>
      lieInHead(scene, {
        ...head(scene.image.digest),
        headers: {
          ...head(scene.image.digest).headers,
          'content-type': 'application/vnd.oci.image.index.v1+json',
          'content-length': '9007199254740993',
        },
      }),
    expect: 'ignored',
  },
  {
    name: 'HEAD of a tag returns a digest in mixed case',
    operation: 'resolve',
    inject: (scene) => lieInHead(scene, head(scene.image.digest.toUpperCase())),
    expect: 'ignored',
  },
  {
    name: 'HEAD of a tag returns a path instead of a digest',
    operation: 'resolve',
    inject: (scene) => lieInHead(scene, head('sha256:../../../../etc/passwd')),
    expect: 'ignored',
  },
  {
    name: 'GET of a tag returns other bytes with the digest header of the signed image',
    operation: 'resolve',
    inject: async (scene) => {
      const other = await pushImage(scene.lab, scene.repository);
      scene.answerAt(`manifests/${TAG}`, ({ method }) =>
        method === 'HEAD'
          ? { status: 405 }
          : {
              status: 200,
              headers: {
                'content-type': OCI_MANIFEST,
                'docker-content-digest': scene.image.digest,
              },
              body: scene.stored(other.digest).bytes,
            },
      );
    },
    expect: [...NOT_OURS, 'CONTENT_MISMATCH'],
  },
  {
    name: 'a web page instead of a tag',
    operation: 'resolve',
    inject: (scene) =>
      scene.answerAt(`manifests/${TAG}`, {
        status: 404,
        headers: { 'content-type': 'text/html' },
        body: '<html>no such page</html>',
      }),
    expect: 'REGISTRY_PROTOCOL',
  },
];
