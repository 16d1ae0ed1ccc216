import type { RegistryRequest } from '../../../dev/registry';
import type { Lie } from '../support/lie';
import type { Scene } from '../support/scene';
import { nowhere, SECRET_HEADER } from '../support/scene';

const seen: (string | undefined)[] = [];

const isUpload = ({ method, path }: RegistryRequest): boolean =>
  method === 'POST' && path.endsWith('/blobs/uploads/');
const isManifest = ({ method, path }: RegistryRequest): boolean =>
  method === 'PUT' && path.includes('/manifests/');

/** Where an upload is to go on. */
const location = (target: string | undefined) => (scene: Scene) =>
  scene.answer((request) =>
    isUpload(request)
      ? { status: 202, ...(target !== undefined && { headers: { location: target } }) }
      : undefined,
  );

/** What is said while a signature is written. The image was signed before; it is signed again. */
export const WRITING_LIES: readonly Lie[] = [
  ...[
    ['in a file', 'file:///etc/passwd'],
    ['at no URL', 'http://[::1'],
    ['nowhere', undefined],
  ].map(([what, target]): Lie => ({
    name: `an upload that goes on ${what}`,
    asks: 'sign',
    tell: location(target),
    expect: 'REGISTRY_PROTOCOL',
  })),
  {
    name: 'an upload that climbs out of the repository',
    asks: 'sign',
    tell: location('../../../../../etc/passwd'),
    expect: ['REGISTRY_NOT_FOUND', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'an upload that goes on at a stranger, for the credentials',
    asks: 'sign',
    tell: async (scene) => {
      seen.length = 0;
      const users = { robot: 'canary-hostile-registry-password' };
      scene.lab.registry.settings.auth = { kind: 'basic', users };
      const origin = await scene.elsewhere((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' });
        response.end();
      });
      scene.answer((request) =>
        isUpload(request) && request.headers.authorization === SECRET_HEADER
          ? { status: 202, headers: { location: `${origin}/x` } }
          : undefined,
      );
    },
    expect: 'REGISTRY_UNAUTHORIZED',
    after: () => {
      expect(seen.length).toBeGreaterThan(0);
      expect(seen.filter((header) => header !== undefined)).toEqual([]);
    },
  },
  {
    name: 'a manifest that is said to be stored under another digest',
    asks: 'sign',
    tell: (scene) =>
      scene.answer((request) =>
        isManifest(request)
          ? { status: 201, headers: { 'docker-content-digest': nowhere('stored') } }
          : undefined,
      ),
    expect: 'CONTENT_MISMATCH',
  },
  {
    name: 'a manifest that is said to be stored, and is not',
    asks: 'sign',
    tell: (scene) => scene.answer((request) => (isManifest(request) ? { status: 201 } : undefined)),
    expect: 'REGISTRY_CONFLICT',
  },
  {
    name: 'a web page as the answer to a write',
    asks: 'sign',
    tell: (scene) =>
      scene.answer((request) =>
        isManifest(request)
          ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }
          : undefined,
      ),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a redirect as the answer to a write',
    asks: 'sign',
    tell: (scene) =>
      scene.answer((request) =>
        isManifest(request) ? { status: 307, headers: { location: '/elsewhere' } } : undefined,
      ),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a blob that is said to be there, and is not',
    asks: 'sign',
    tell: (scene) => {
      // Lengths of the blobs of the first signature are known; those of the second are alike.
      scene.answer((request) => {
        const { method, path, query } = request;
        const ends = method === 'PUT' || (method === 'POST' && query.has('digest'));
        return ends && path.includes('/blobs/') ? { status: 201 } : undefined;
      });
    },
    expect: ['REGISTRY_PROTOCOL', 'REGISTRY_NOT_FOUND', 'VERIFY_SIGNATURE_INVALID'],
  },
];
