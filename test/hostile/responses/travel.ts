import { OCI_MANIFEST } from '../../../src/oci';
import type { HostileResponse } from '../support/hostile-response';
import { type Scene, SECRET_HEADER } from '../support/scene';

const USERS = { robot: 'canary-hostile-registry-password' };
const seen: (string | undefined)[] = [];

/** Sends a challenge for credentials, which the scene's client has. */
function protect(scene: Scene): void {
  scene.lab.registry.settings.auth = { kind: 'basic', users: USERS };
}

/** A server that serves the image, and records credentials in requests. */
async function mirror(scene: Scene): Promise<string> {
  seen.length = 0;
  const { bytes } = scene.stored(scene.image.digest);
  return scene.elsewhere((request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(200, { 'content-type': OCI_MANIFEST });
    response.end(bytes);
  });
}

function redirect(scene: Scene, location: string | undefined): void {
  scene.answerImage({ status: 307, headers: location === undefined ? {} : { location } });
}

const toldNobody = (): void => expect(seen.filter((header) => header !== undefined)).toEqual([]);

/** Redirects and challenges of the registry. */
export const TRAVEL_CASES: readonly HostileResponse[] = [
  ...[
    ['a file', 'file:///etc/passwd'],
    ['a program', 'javascript:alert(1)'],
    ['data', 'data:application/json,{}'],
    ['another protocol', 'ftp://127.0.0.1/x'],
    ['no URL', 'http://[::1'],
    ['nowhere', undefined],
  ].map(([what, location]): HostileResponse => ({
    name: `a redirect to ${what}`,
    inject: (scene) => redirect(scene, location),
    expect: 'REGISTRY_PROTOCOL',
  })),
  {
    name: 'a redirect to itself, for ever',
    inject: (scene) => redirect(scene, `/v2/${scene.path}/manifests/${scene.image.digest}`),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a redirect out of the repository by dot segments',
    inject: (scene) => redirect(scene, '../../../../../../etc/passwd'),
    expect: ['REGISTRY_NOT_FOUND', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'a redirect to a third party with the right bytes, to obtain credentials',
    inject: async (scene) => {
      protect(scene);
      const origin = await mirror(scene);
      scene.answer((request) =>
        request.path.endsWith(scene.image.digest) &&
        request.path.includes('/manifests/') &&
        request.headers.authorization === SECRET_HEADER
          ? { status: 307, headers: { location: `${origin}/x` } }
          : undefined,
      );
    },
    expect: 'ignored',
    after: () => {
      expect(seen.length).toBeGreaterThan(0);
      toldNobody();
    },
  },
  {
    name: 'a redirect with other credentials in the URL',
    inject: async (scene) => {
      const origin = await mirror(scene);
      redirect(scene, origin.replace('http://', 'http://evil:evil@'));
    },
    expect: 'ignored',
    after: toldNobody,
  },
  {
    name: 'a challenge by a third party after a redirect',
    inject: async (scene) => {
      seen.length = 0;
      const origin = await scene.elsewhere((request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(401, { 'www-authenticate': 'Basic realm="give"' });
        response.end();
      });
      redirect(scene, `${origin}/x`);
    },
    expect: 'REGISTRY_UNAUTHORIZED',
    after: () => {
      expect(seen.length).toBeGreaterThan(0);
      toldNobody();
    },
  },
  {
    name: 'a token service in plain http at another host',
    inject: (scene) =>
      scene.answerImage({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://tokens.example.test/token"' },
      }),
    expect: 'REGISTRY_INSECURE',
  },
  {
    name: 'a token service in a file',
    inject: (scene) =>
      scene.answerImage({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' },
      }),
    expect: 'REGISTRY_INSECURE',
  },
  {
    name: 'a token that would inject a header',
    inject: async (scene) => {
      const origin = await scene.elsewhere((_, response) => {
        response.end(JSON.stringify({ token: 'a\r\nx-evil: 1', expires_in: 1e308 }));
      });
      scene.answerImage({
        status: 401,
        headers: { 'www-authenticate': `Bearer realm="${origin}/token"` },
      });
    },
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'an unknown authentication scheme',
    inject: (scene) =>
      scene.answerImage({ status: 401, headers: { 'www-authenticate': `${'x="'.repeat(2000)}` } }),
    expect: 'REGISTRY_PROTOCOL',
  },
];
