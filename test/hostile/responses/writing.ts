import type { RegistryRequest } from '../../../dev/registry';
import type { HostileResponse } from '../support/hostile-response';
import type { Scene } from '../support/scene';
import { nowhere, SECRET_HEADER } from '../support/scene';

const seen: (string | undefined)[] = [];

const isUpload = ({ method, path }: RegistryRequest): boolean =>
  method === 'POST' && path.endsWith('/blobs/uploads/');
const isManifest = ({ method, path }: RegistryRequest): boolean =>
  method === 'PUT' && path.includes('/manifests/');

/** Locations at which an upload should continue. */
const location = (target: string | undefined) => (scene: Scene) =>
  scene.answer((request) =>
    isUpload(request)
      ? { status: 202, ...(target !== undefined && { headers: { location: target } }) }
      : undefined,
  );

/** Responses while a signature is written. The image has a signature and is signed again. */
export const WRITING_CASES: readonly HostileResponse[] = [
  ...[
    ['in a file', 'file:///etc/passwd'],
    ['at no URL', 'http://[::1'],
    ['nowhere', undefined],
  ].map(([what, target]): HostileResponse => ({
    name: `an upload that continues ${what}`,
    operation: 'sign',
    inject: location(target),
    expect: 'REGISTRY_PROTOCOL',
  })),
  {
    name: 'an upload location out of the repository by dot segments',
    operation: 'sign',
    inject: location('../../../../../etc/passwd'),
    expect: ['REGISTRY_NOT_FOUND', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'an upload that continues at a third party, to obtain credentials',
    operation: 'sign',
    inject: async (scene) => {
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
    name: 'a success response for a manifest under another digest',
    operation: 'sign',
    inject: (scene) =>
      scene.answer((request) =>
        isManifest(request)
          ? { status: 201, headers: { 'docker-content-digest': nowhere('stored') } }
          : undefined,
      ),
    expect: 'CONTENT_MISMATCH',
  },
  {
    name: 'a success response for a manifest that is not stored',
    operation: 'sign',
    inject: (scene) =>
      scene.answer((request) => (isManifest(request) ? { status: 201 } : undefined)),
    expect: 'REGISTRY_CONFLICT',
  },
  {
    name: 'a web page as the response to a write',
    operation: 'sign',
    inject: (scene) =>
      scene.answer((request) =>
        isManifest(request)
          ? { status: 200, headers: { 'content-type': 'text/html' }, body: '<html></html>' }
          : undefined,
      ),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a redirect as the response to a write',
    operation: 'sign',
    inject: (scene) =>
      scene.answer((request) =>
        isManifest(request) ? { status: 307, headers: { location: '/elsewhere' } } : undefined,
      ),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a success response for a missing blob',
    operation: 'sign',
    inject: (scene) => {
      // The blobs of the second signature have the same lengths as those of the first.
      scene.answer((request) => {
        const { method, path, query } = request;
        const ends = method === 'PUT' || (method === 'POST' && query.has('digest'));
        return ends && path.includes('/blobs/') ? { status: 201 } : undefined;
      });
    },
    expect: ['REGISTRY_PROTOCOL', 'REGISTRY_NOT_FOUND', 'VERIFY_SIGNATURE_INVALID'],
  },
];
