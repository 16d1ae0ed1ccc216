import { casesOf, requestsOf, runCase } from '../../dev/faults/campaign';
import type { Fault, PassedRequest } from '../../dev/faults/fault';
import { PATHS } from '../../dev/faults/paths';
import { type Scene, setScene } from '../../dev/faults/scene';
import { openWorld, type World } from '../../dev/faults/world';

/** Faults that once lost something; `npm run faults` injects all of them. */
const CASES: readonly (readonly [string, Fault, string, (request: PassedRequest) => boolean])[] = [
  ['key-legacy', '404', 'the tag of others is read', reads(/manifests\/sha256-.*\.sig$/)],
  ['key-legacy', 'wrong bytes', 'the tag of others is read', reads(/manifests\/sha256-.*\.sig$/)],
  ['key-legacy', 'redirect elsewhere', 'the tag of others is read', reads(/\.sig$/)],
  ['keyless-bundle', 'wrong bytes', 'a timestamp is made', asks('tsa')],
  ['keyless-legacy', 'wrong bytes', 'a log entry is made', asks('rekor')],
  ['keyless-legacy', 'lost answer', 'a log entry is made', asks('rekor')],
  ['keyless-legacy', 'redirect elsewhere', 'a certificate is asked for', asks('fulcio')],
  ['reuse-keyless', '404', 'the referrers are listed', reads(/\/referrers\//)],
  ['reuse-keyless', '404', 'a bundle is read', reads(/\/blobs\//)],
  ['reuse-keyless', 'HTML instead of JSON', 'a bundle is read', reads(/\/blobs\//)],
];

function reads(path: RegExp): (request: PassedRequest) => boolean {
  return (request) => request.method === 'GET' && request.status === 200 && path.test(request.path);
}

function asks(service: string): (request: PassedRequest) => boolean {
  return (request) => request.service === service;
}

describe.each([...new Set(CASES.map(([path]) => path))])('%s', (name) => {
  let world: World;
  let scene: Scene;
  let requests: readonly PassedRequest[];

  beforeAll(async () => {
    world = await openWorld();
    scene = await setScene(
      world,
      PATHS.find((path) => path.name === name)!,
    );
    requests = await requestsOf(scene);
  });
  afterAll(() => world.close());

  test.each(CASES.filter(([path]) => path === name))(
    '%s: %s while %s converges',
    async (_, fault, _when, meets) => {
      const cases = casesOf(requests).filter((one) => one.fault === fault && meets(one.request));
      expect(cases.length).toBeGreaterThan(0);
      for (const one of cases) {
        const { hit, wrong } = await runCase(scene, one);
        expect(hit).toBeDefined();
        expect(wrong).toEqual([]);
      }
    },
  );
});
