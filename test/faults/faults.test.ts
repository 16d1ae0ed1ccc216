import { casesOf, requestsOf, runCase } from '../../dev/faults/campaign';
import type { Fault, PassedRequest } from '../../dev/faults/fault';
import { killAt } from '../../dev/faults/kill';
import { chosen } from '../../dev/faults/options';
import { PATHS } from '../../dev/faults/paths';
import { PluginProcess } from '../../dev/faults/plugin-process';
import { type Scene, setScene } from '../../dev/faults/scene';
import { openWorld, type World } from '../../dev/faults/world';

/** Faults that once lost data; `npm run faults` injects all faults. */
const CASES: readonly (readonly [string, Fault, string, (request: PassedRequest) => boolean])[] = [
  ['key-legacy', '404', 'the tag of other signers is read', reads(/manifests\/sha256-.*\.sig$/)],
  [
    'key-legacy',
    'wrong bytes',
    'the tag of other signers is read',
    reads(/manifests\/sha256-.*\.sig$/),
  ],
  ['key-legacy', 'redirect elsewhere', 'the tag of other signers is read', reads(/\.sig$/)],
  ['keyless-bundle', 'wrong bytes', 'a timestamp is requested', sendsTo('tsa')],
  ['keyless-legacy', 'wrong bytes', 'a log entry is created', sendsTo('rekor')],
  ['keyless-legacy', 'lost answer', 'a log entry is created', sendsTo('rekor')],
  ['keyless-legacy', 'redirect elsewhere', 'a certificate is requested', sendsTo('fulcio')],
  ['reuse-keyless', '404', 'the referrers are listed', reads(/\/referrers\//)],
  ['reuse-keyless', '404', 'a bundle is read', reads(/\/blobs\//)],
  ['reuse-keyless', 'HTML instead of JSON', 'a bundle is read', reads(/\/blobs\//)],
  ['refresh-bearer', '404', 'the tag is read', reads(/\.sig$/)],
  ['refresh-bearer', 'redirect elsewhere', 'a token is requested', sendsTo('token service')],
  ['refresh-bearer', 'wrong bytes', 'a token is requested', sendsTo('token service')],
];

function reads(path: RegExp): (request: PassedRequest) => boolean {
  return (request) => request.method === 'GET' && request.status === 200 && path.test(request.path);
}

function sendsTo(service: string): (request: PassedRequest) => boolean {
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

describe('a kill of the plugin while it signs', () => {
  let world: World;
  let scene: Scene;

  beforeAll(async () => {
    world = await openWorld();
    scene = await setScene(
      world,
      PATHS.find(({ name }) => name === 'key-legacy')!,
    );
  });
  afterAll(() => world.close());

  test.each(['before', 'after'] as const)(
    'converges in the next run, when it happens %s the tag is written',
    async (when) => {
      const requests = await requestsOf(scene);
      const at = requests.findIndex(({ method, path }) => method === 'PUT' && /\.sig$/.test(path));
      expect(at).toBeGreaterThan(0);
      const { hit, wrong } = await killAt(scene, { at, when }, await PluginProcess.start(world));
      expect(hit).toMatch(/PUT .*\.sig$/);
      expect(wrong).toEqual([]);
    },
  );
});

describe('the selection of cases', () => {
  const cases = Array.from({ length: 24 }, (_, at) => ({ at }));
  const options = {
    path: undefined,
    only: undefined,
    fault: undefined,
    list: false,
    all: false,
    sample: 3,
    kill: 'also',
  } as const;

  it('has each case in exactly one of the samples', () => {
    const samples = [0, 1, 2].map((offset) =>
      chosen({ ...options, offset }, cases, { limit: 12, stagger: 7 }),
    );
    const all = chosen({ ...options, sample: 1, offset: 0 }, cases, { limit: 12, stagger: 7 });
    expect(all).toHaveLength(12);
    expect(samples.flat().sort((a, b) => a.at - b.at)).toEqual(all);
  });
});
