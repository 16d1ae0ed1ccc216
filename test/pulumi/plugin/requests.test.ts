import { requestLines } from '../../../bench/traffic';
import { storeImage } from '../../../dev/load/image';
import { Secret } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, type Record, type Workbench } from './support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

let repositories = 0;

function newImage(repository = `team/app-${++repositories}`): string {
  const { registry } = bench;
  return `${registry.host}/${repository}@${storeImage(registry, repository)}`;
}

function storeTagged(repository: string, tag: string): void {
  const { registry } = bench;
  const manifest = registry.store.getManifest(repository, storeImage(registry, repository));
  if (!manifest) throw new Error('no image was stored');
  registry.store.putManifest(repository, manifest, { tag });
}

const declared = (image: string, more: object = {}) => ({
  image,
  key: { ref: 'cosign.key', password: new Secret(PASSWORD) },
  source: { allowDirty: true },
  ...more,
});
const trusting = (image: string, more: object = {}) => ({
  image,
  keys: [bench.publicKey],
  format: 'bundle',
  ...more,
});

/** The requests of an operation, with letters for digests. */
async function requestsOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  bench.registry.clearRequests();
  await work();
  return requestLines(bench.registry.requests);
}

const signedAndVerified = (image: string) =>
  requestsOf(async () => {
    await bench.create('ImageSignature', declared(image));
    await bench.create('VerifiedImage', trusting(image));
  });

describe('with the referrers API', () => {
  test('nine requests sign and verify an image, and nothing is read twice', async () => {
    expect(await signedAndVerified(newImage())).toEqual([
      'GET manifests/sha256:A 200',
      'GET referrers/sha256:A 200',
      'POST blobs/uploads/ 201',
      'POST blobs/uploads/ 201',
      'PUT manifests/sha256:B 201',
      'GET referrers/sha256:A 200',
      'GET manifests/sha256:B 200',
      'GET referrers/sha256:A 200',
      'GET blobs/sha256:C 200',
    ]);
  });

  test('the empty config is uploaded once to a repository', async () => {
    const image = newImage();
    await signedAndVerified(image);
    const lines = await requestsOf(() =>
      bench.create('ImageSignature', declared(image, { annotations: { release: 'two' } })),
    );
    expect(lines.filter((line) => line.startsWith('POST'))).toHaveLength(1);
  });
});

describe('without the referrers API', () => {
  beforeAll(async () => {
    bench.registry.settings.referrersApi = false;
    await signedAndVerified(newImage());
  });
  afterAll(async () => {
    bench.registry.settings.referrersApi = true;
    bench.registry.settings.conditions = true;
    await bench.restart();
  });

  test('eleven do', async () => {
    expect(await signedAndVerified(newImage())).toEqual([
      'GET manifests/sha256:A 200',
      'GET manifests/sha256-A 404',
      'GET referrers/sha256:A 404',
      'POST blobs/uploads/ 201',
      'POST blobs/uploads/ 201',
      'PUT manifests/sha256:B 201',
      'PUT manifests/sha256-A 201',
      'GET manifests/sha256-A 200',
      'GET manifests/sha256:B 200',
      'GET manifests/sha256-A 200',
      'GET blobs/sha256:C 200',
    ]);
  });

  test('without support for preconditions the tag is read before the write and verified after it', async () => {
    bench.registry.settings.conditions = false;
    const image = newImage('elsewhere/app');
    const lines = await signedAndVerified(image);
    const written = lines.indexOf('PUT manifests/sha256-A 201');
    expect(lines.slice(written - 2, written)).toEqual([
      'GET manifests/sha256-A 404',
      'GET manifests/sha256-A 404',
    ]);
    const after = lines.slice(written).filter((line) => line === 'GET manifests/sha256-A 200');
    expect(after.length).toBeGreaterThanOrEqual(4);
  });
});

describe('the whole of an image', () => {
  interface Whole {
    readonly plan: Record;
    readonly signature: Record;
    readonly verified: Record;
  }
  const plan = (image: string) => declared(image, { source: { allowDirty: true } });

  async function created(image: string, always: boolean): Promise<Whole> {
    return {
      plan: await bench.create('SigningPlan', plan(image)),
      signature: await bench.create('ImageSignature', declared(image, { always })),
      verified: await bench.create('VerifiedImage', trusting(image, { always })),
    };
  }
  /** Another update of the same program. */
  async function again(
    { plan: planned, signature, verified }: Whole,
    image: string,
    always: boolean,
  ) {
    return [
      await bench.update('SigningPlan', planned, plan(image)),
      await bench.update('ImageSignature', signature, declared(image, { always })),
      await bench.update('VerifiedImage', verified, trusting(image, { always })),
    ].flatMap(({ changed }) => changed);
  }

  test('is planned with one request more in a registry that was met before', async () => {
    await bench.create('SigningPlan', plan(newImage()));
    const image = newImage();
    expect(await requestsOf(() => bench.create('SigningPlan', plan(image)))).toEqual([
      'GET manifests/sha256:A 200',
    ]);
    expect((await signedAndVerified(image))[0]).toBe('GET referrers/sha256:A 200');
  });

  test('costs nothing where nothing is to be done', async () => {
    const image = newImage();
    const whole = await created(image, false);
    const requests = await requestsOf(async () => {
      expect(await again(whole, image, false)).toEqual([]);
    });
    expect(requests).toEqual([]);
  });

  test('costs two requests if it is verified in each update', async () => {
    const image = newImage();
    const whole = await created(image, true);
    await bench.restart();
    const requests = await requestsOf(async () => {
      expect(await again(whole, image, true)).toEqual([]);
    });
    expect(requests).toEqual(['GET referrers/sha256:A 200', 'GET manifests/sha256:B 200']);
  });

  test('detects a missing signature with these two', async () => {
    const image = newImage();
    const whole = await created(image, true);
    const [repository = '', digest = ''] = image.slice(bench.registry.host.length + 1).split('@');
    const url = `${bench.registry.url}/v2/${repository}/referrers/${digest}`;
    const { manifests } = (await (await fetch(url)).json()) as { manifests: { digest: string }[] };
    expect(manifests).toHaveLength(1);
    for (const listed of manifests) bench.registry.store.deleteManifest(repository, listed.digest);
    await bench.restart();
    expect(await again(whole, image, true)).toContain('signatures');
  });

  test('a tag is resolved again, because it may have moved', async () => {
    const { host } = bench.registry;
    storeTagged('team/tagged', 'v1');
    const tagged = plan(`${host}/team/tagged:v1`);
    const planned = await bench.create('SigningPlan', tagged);
    expect(await requestsOf(() => bench.update('SigningPlan', planned, tagged))).toEqual([
      'HEAD manifests/v1 200',
    ]);
  });

  test('access for a change is checked before anything is written', async () => {
    const image = newImage();
    const { signature } = await created(image, false);
    bench.registry.settings.auth = { kind: 'basic', users: { w: 'canary-nobody-here' } };
    await bench.restart();
    bench.registry.clearRequests();
    const changed = declared(image, { annotations: { team: 'payments' } });
    await expect(bench.update('ImageSignature', signature, changed)).rejects.toThrow(
      /^image: .*no credentials for it were found/,
    );
    expect(bench.writes()).toEqual([]);
    bench.registry.settings.auth = { kind: 'none' };
  });
});

describe('bases of builds', () => {
  const declaredBuild = (name: string) => ({
    image: `${bench.registry.host}/team/${name}:v1`,
    build: { context: 'based' },
    source: { allowDirty: true },
  });

  test('are resolved once in a run, independent of the number of images', async () => {
    storeTagged('bases/node', 'v20');
    bench.write('based/Dockerfile', `FROM ${bench.registry.host}/bases/node:v20\n`);
    await bench.restart();
    const checked = (name: string) => bench.problems('ImageBuild', declaredBuild(name));
    const requests = await requestsOf(async () => {
      expect(await Promise.all(['one', 'two', 'three'].map(checked))).toEqual([[], [], []]);
    });
    expect(requests).toEqual(['HEAD manifests/v20 200']);
  });

  test('that do not exist are reported as such, without the advice for the input `image`', async () => {
    const base = `${bench.registry.host}/bases/none:v1`;
    bench.write('based/Dockerfile', `FROM ${base}\n`);
    await bench.restart();
    expect(await bench.problems('ImageBuild', declaredBuild('four'))).toEqual([]);
    expect(bench.said.at(-1)).toBe(
      `the base image ${base} could not be checked for changes: it does not exist in its registry`,
    );
  });
});

test('a verification reads the bundle, although a check in each update used the one in the state', async () => {
  const image = newImage();
  const signature = await bench.create('ImageSignature', declared(image, { always: true }));
  await bench.restart();
  await bench.update('ImageSignature', signature, declared(image, { always: true }));
  const lines = await requestsOf(() => bench.create('VerifiedImage', trusting(image)));
  expect(lines).toEqual([
    'GET manifests/sha256:A 200',
    'GET referrers/sha256:A 200',
    'GET blobs/sha256:B 200',
  ]);
});
