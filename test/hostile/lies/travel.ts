import { OCI_MANIFEST } from '../../../src/oci';
import type { Lie } from '../support/lie';
import { type Scene, SECRET_HEADER } from '../support/scene';

const USERS = { robot: 'canary-hostile-registry-password' };
const seen: (string | undefined)[] = [];

/** Wants credentials, which the scene's client has. */
function protect(scene: Scene): void {
  scene.lab.registry.settings.auth = { kind: 'basic', users: USERS };
}

/** A server that serves the image, and notes who shows what credentials. */
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

/** Where the registry sends its clients, and what it asks of them there. */
export const TRAVEL_LIES: readonly Lie[] = [
  ...[
    ['a file', 'file:///etc/passwd'],
    ['a program', 'javascript:alert(1)'],
    ['data', 'data:application/json,{}'],
    ['another protocol', 'ftp://127.0.0.1/x'],
    ['no URL', 'http://[::1'],
    ['nowhere', undefined],
  ].map(([what, location]): Lie => ({
    name: `a redirect to ${what}`,
    tell: (scene) => redirect(scene, location),
    expect: 'REGISTRY_PROTOCOL',
  })),
  {
    name: 'a redirect to itself, for ever',
    tell: (scene) => redirect(scene, `/v2/${scene.path}/manifests/${scene.image.digest}`),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a redirect that climbs out of the repository',
    tell: (scene) => redirect(scene, '../../../../../../etc/passwd'),
    expect: ['REGISTRY_NOT_FOUND', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'a redirect to a stranger who has the right bytes, for the credentials',
    tell: async (scene) => {
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
    name: 'a redirect with credentials of its own in it',
    tell: async (scene) => {
      const origin = await mirror(scene);
      redirect(scene, origin.replace('http://', 'http://evil:evil@'));
    },
    expect: 'ignored',
    after: toldNobody,
  },
  {
    name: 'a stranger who asks for credentials after a redirect',
    tell: async (scene) => {
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
    tell: (scene) =>
      scene.answerImage({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="http://tokens.example.test/token"' },
      }),
    expect: 'REGISTRY_INSECURE',
  },
  {
    name: 'a token service in a file',
    tell: (scene) =>
      scene.answerImage({
        status: 401,
        headers: { 'www-authenticate': 'Bearer realm="file:///etc/passwd"' },
      }),
    expect: 'REGISTRY_INSECURE',
  },
  {
    name: 'a token that would smuggle a header in',
    tell: async (scene) => {
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
    name: 'an authentication that nobody knows',
    tell: (scene) =>
      scene.answerImage({ status: 401, headers: { 'www-authenticate': `${'x="'.repeat(2000)}` } }),
    expect: 'REGISTRY_PROTOCOL',
  },
];
