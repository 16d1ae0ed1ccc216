import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type BuildResult, setDeclaredTag } from '../../src/build';
import { type Digest, parseTag, type RegistryClient } from '../../src/oci';
import { repositoryOf, storeImage, testClient } from '../oci/support/registry-fixture';

const V1 = parseTag('v1');
const UNIQUE = parseTag('build-20260101t000000z-0123abcd');

let registry: RunningRegistry;
let client: RegistryClient;
afterEach(async () => {
  await client.close();
  await registry.close();
});

async function open(options: Parameters<typeof startRegistry>[0] = {}): Promise<Digest> {
  registry = await startRegistry(options);
  client = testClient().client;
  return storeImage(registry).digest;
}

const result = (digest: Digest, further: Partial<BuildResult> = {}): BuildResult => ({
  digest,
  builder: 'docker',
  tag: V1,
  pushedTag: UNIQUE,
  startedOn: '',
  finishedOn: '',
  ...further,
});
const set = (built: BuildResult) => setDeclaredTag(client, repositoryOf(registry), built);
const tagged = async () => (await client.resolve(repositoryOf(registry), V1))?.digest;
const writes = () => registry.requests.filter(({ method }) => method === 'PUT');

test('sets the tag to the pushed manifest, and moves it from another image', async () => {
  const digest = await open();
  await set(result(digest));
  expect(await tagged()).toBe(digest);
  const other = storeImage(registry, 'team/app', 'another image').digest;
  await set(result(other));
  expect(await tagged()).toBe(other);
});

test('does not write a tag that the image has: a registry with immutable tags rejects it', async () => {
  const digest = await open();
  await set(result(digest));
  const before = writes().length;
  await set(result(digest));
  expect(writes()).toHaveLength(before);
});

test('writes nothing if the builder pushed the tag itself', async () => {
  const digest = await open();
  const { pushedTag: _, ...pushed } = result(digest);
  await set(pushed);
  await set(result(digest, { tag: UNIQUE }));
  expect(writes()).toEqual([]);
});

test('reports a manifest that is not in the registry any more', async () => {
  await open();
  const missing = `sha256:${'0'.repeat(64)}` as Digest;
  await expect(set(result(missing))).rejects.toMatchObject({
    code: 'BUILD_RESULT_MISMATCH',
    property: 'image',
  });
  expect(await tagged()).toBeUndefined();
});
