import { pushImage } from '../../interop/support/images';
import { openWorkbench, PASSWORD, type ResourceName, type Workbench } from './support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

const key = { ref: 'cosign.key', password: PASSWORD };

/** Each map, list and object of the inputs without a value. */
const NOTHING = { registry: {}, sigstore: {}, source: {}, annotations: {} };
const EMPTY_BUILD = {
  args: {},
  secrets: {},
  platforms: [],
  labels: {},
  cacheFrom: [],
  cacheTo: [],
  contexts: {},
  addHosts: {},
  ssh: [],
  environment: [],
};

it('inputs without a value change nothing', async () => {
  const { reference: image } = await pushImage(bench.registry.host);
  const cases: readonly (readonly [ResourceName, object, object])[] = [
    [
      'SigningPlan',
      { image, key },
      {
        ...NOTHING,
        nonsecret: [],
        provenance: { parameters: {} },
        verify: { keys: [], annotations: {} },
      },
    ],
    [
      'SigningPlan',
      { image: `${bench.registry.host}/team/app:v1`, key, build: { context: 'app' } },
      { build: { context: 'app', ...EMPTY_BUILD } },
    ],
    [
      'ImageSignature',
      { image, key },
      { ...NOTHING, nonsecret: [], provenance: { parameters: {} } },
    ],
    [
      'VerifiedImage',
      { image, keys: [bench.publicKey] },
      {
        registry: {},
        sigstore: {},
        annotations: {},
        trustedKeys: [],
        identities: [],
        triggers: [],
      },
    ],
  ];
  for (const [resource, declared, empty] of cases) {
    const before = await bench.create(resource, declared);
    const after = await bench.update(resource, before, { ...declared, ...empty });
    expect([resource, after.changed]).toEqual([resource, []]);
    const stored = await bench.create(resource, { ...declared, ...empty });
    expect((await bench.update(resource, stored, declared)).changed).toEqual([]);
  }
});

it('an expectation without a member changes the verification: it requires provenance', async () => {
  const { reference: image } = await pushImage(bench.registry.host);
  await bench.create('ImageSignature', { image, key });
  const declared = { image, keys: [bench.publicKey] };
  const before = await bench.create('VerifiedImage', declared);
  await expect(
    bench.update('VerifiedImage', before, { ...declared, provenance: {} }),
  ).rejects.toThrow(/provenance/);
});
