import { type RunningRegistry, startRegistry } from '../../dev/registry';
import {
  type Descriptor,
  fallbackTag,
  isJsonObject,
  OCI_MANIFEST,
  parseTag,
  type RegistryClient,
} from '../../src/oci';
import {
  attach,
  LATEST,
  referrerOf,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from './support/registry-fixture';

const PATH = 'team/app';

let registry: RunningRegistry;
let client: RegistryClient;
let image: Descriptor;

beforeEach(async () => {
  registry = await startRegistry();
  client = testClient().client;
  image = storeImage(registry);
});
afterEach(async () => {
  await client.close();
  await registry.close();
});

const repository = () => repositoryOf(registry);
const listed = async (): Promise<readonly string[]> =>
  (await client.referrers(repository(), image.digest)).map(({ digest }) => digest);
const fallback = (): readonly string[] | undefined => {
  const stored = registry.store.getManifest(PATH, fallbackTag(image.digest));
  if (!stored) return undefined;
  const { manifests } = JSON.parse(stored.bytes.toString()) as { manifests: readonly unknown[] };
  return manifests.map((entry) => (isJsonObject(entry) ? String(entry['digest']) : ''));
};

describe('deleting a manifest', () => {
  it('deletes it with its tags, and reports when it did not exist', async () => {
    expect(await client.removeManifest(repository(), image.digest)).toBe('removed');
    expect(await client.resolve(repository(), LATEST)).toBeUndefined();
    expect(await client.removeManifest(repository(), image.digest)).toBe('absent');
  });

  it('requests only the delete scope from a token service', async () => {
    registry.settings.auth = { kind: 'bearer', users: { ada: 'canary-of-ada' } };
    const { client: ada } = testClient({
      registry: { host: registry.host, username: 'ada', password: 'canary-of-ada' },
    });
    expect(await ada.removeManifest(repository(), image.digest)).toBe('removed');
    const asked = registry.requests.find(({ path }) => path.startsWith('/token'));
    expect(new URL(asked?.path ?? '', registry.url).searchParams.get('scope')).toBe(
      `repository:${PATH}:pull,delete`,
    );
    await ada.close();
  });

  it.each([
    ['405', { status: 405 }],
    ['the code UNSUPPORTED', { status: 400, body: '{"errors":[{"code":"UNSUPPORTED"}]}' }],
  ])('reports that a registry that returns %s does not support deletion', async (_, answer) => {
    registry.settings.faults = ({ method }) => (method === 'DELETE' ? answer : undefined);
    expect(await client.removeManifest(repository(), image.digest)).toBe('unsupported');
    expect(client.traits(repository()).has('noDelete')).toBe(true);
    expect(await client.resolve(repository(), image.digest)).toBeDefined();
  });

  it.each([
    [403, 'REGISTRY_FORBIDDEN'],
    [503, 'REGISTRY_UNAVAILABLE'],
    [404, 'REGISTRY_PROTOCOL'],
  ])('is an error if %i is not about the manifest', async (status, code) => {
    registry.settings.faults = ({ method }) =>
      method === 'DELETE'
        ? { status, headers: { 'content-type': 'text/html' }, body: '<html>no</html>' }
        : undefined;
    const refusal = await refusalOf(client.removeManifest(repository(), image.digest));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(image.digest);
  });
});

describe('deleting what refers to an image', () => {
  it.each([true, false])('leaves the others (referrers API: %s)', async (referrersApi) => {
    registry.settings.referrersApi = referrersApi;
    const ours = await attach(client, repository(), image, 'ours');
    const theirs = await attach(client, repository(), image, 'theirs');
    expect(await client.removeReferrer(repository(), image.digest, ours.digest)).toBe('removed');
    expect(await listed()).toEqual([theirs.digest]);
    expect(registry.store.getManifest(PATH, ours.digest)).toBeUndefined();
    if (!referrersApi) expect(fallback()).toEqual([theirs.digest]);
  });

  it('takes the tag away that would list nothing more', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    await client.removeReferrer(repository(), image.digest, ours.digest);
    expect(fallback()).toBeUndefined();
  });

  it('completes an interrupted removal: the manifest is removed but still listed', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    const theirs = await attach(client, repository(), image, 'theirs');
    registry.store.deleteManifest(PATH, ours.digest);
    expect(await client.removeReferrer(repository(), image.digest, ours.digest)).toBe('absent');
    expect(fallback()).toEqual([theirs.digest]);
  });

  it('loses no entry that another writer adds meanwhile', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    const theirs = await attach(client, repository(), image, 'theirs');
    const { bytes, digest, blobs } = referrerOf(image, 'late');
    for (const blob of blobs) registry.store.putBlob(PATH, blob);
    registry.store.putManifest(PATH, { mediaType: OCI_MANIFEST, bytes });
    const late = { ...theirs, digest };
    let once = true;
    registry.settings.faults = ({ method, path }) => {
      if (method !== 'PUT' || !path.endsWith(fallbackTag(image.digest)) || !once) return undefined;
      once = false;
      const stored = registry.store.getManifest(PATH, fallbackTag(image.digest));
      const index = JSON.parse(stored?.bytes.toString() ?? '{}') as { manifests: object[] };
      const longer = { ...index, manifests: [...index.manifests, late] };
      registry.store.putManifest(
        PATH,
        { mediaType: stored?.mediaType ?? '', bytes: Buffer.from(JSON.stringify(longer)) },
        { tag: fallbackTag(image.digest) },
      );
      return undefined;
    };
    await client.removeReferrer(repository(), image.digest, ours.digest);
    expect(fallback()).toEqual([theirs.digest, late.digest]);
  });

  it('reports what stays in a list that cannot be changed', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    await attach(client, repository(), image, 'theirs');
    registry.settings.immutableTags = true;
    const refusal = await refusalOf(client.removeReferrer(repository(), image.digest, ours.digest));
    expect(refusal.code).toBe('REGISTRY_CONFLICT');
    expect(refusal.message).toContain(`${ours.digest} was deleted`);
    expect(refusal.message).toContain(fallbackTag(image.digest));
  });

  it('reports when others continuously write to the list', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    const theirs = await attach(client, repository(), image, 'theirs');
    registry.settings.faults = ({ method, path }) =>
      method === 'PUT' && path.endsWith(fallbackTag(image.digest))
        ? { status: 412, body: '' }
        : undefined;
    const refusal = await refusalOf(client.removeReferrer(repository(), image.digest, ours.digest));
    expect(refusal.code).toBe('REGISTRY_CONFLICT');
    expect(fallback()).toContain(theirs.digest);
  });

  it('leaves an empty list where a tag is not deleted', async () => {
    registry.settings.referrersApi = false;
    const ours = await attach(client, repository(), image, 'ours');
    let deletions = 0;
    registry.settings.faults = ({ method }) =>
      method === 'DELETE' && (deletions += 1) > 1 ? { status: 405 } : undefined;
    expect(await client.removeReferrer(repository(), image.digest, ours.digest)).toBe('removed');
    expect(fallback()).toEqual([]);
  });

  it('does not change the list of a registry that does not support deletion', async () => {
    Object.assign(registry.settings, { referrersApi: false, deleteDisabled: true });
    const ours = await attach(client, repository(), image, 'ours');
    expect(await client.removeReferrer(repository(), image.digest, ours.digest)).toBe(
      'unsupported',
    );
    expect(fallback()).toEqual([ours.digest]);
  });
});

describe('the tags of a repository', () => {
  it('are listed over all pages; a missing repository does not have any', async () => {
    const stored = registry.store.getManifest(PATH, image.digest);
    if (!stored) throw new Error('the image is there');
    for (const tag of ['v1', 'v2', 'v3']) registry.store.putManifest(PATH, stored, { tag });
    registry.settings.faults = ({ path, query }) =>
      path.endsWith('/tags/list') && query.get('n') !== '2'
        ? {
            status: 200,
            headers: { link: `</v2/${PATH}/tags/list?n=2&last=latest>; rel="next"` },
            body: '{"tags":["latest","not a tag"]}',
          }
        : undefined;
    expect(await client.tags(repository())).toEqual(['latest', 'v1', 'v2', 'v3'].map(parseTag));
    registry.settings.faults = undefined;
    expect(await client.tags(repositoryOf(registry, 'team/none'))).toEqual([]);
  });

  it('end somewhere', async () => {
    registry.settings.faults = ({ path }) => ({
      status: 200,
      headers: { link: `<${path}?n=1>; rel="next"` },
      body: '{"tags":null}',
    });
    expect((await refusalOf(client.tags(repository()))).code).toBe('CONTENT_TOO_LARGE');
  });

  it('are empty for a response without a list', async () => {
    registry.settings.faults = () => ({ status: 200, body: '{"tags":"all"}' });
    expect((await refusalOf(client.tags(repository()))).code).toBe('CONTENT_MALFORMED');
    registry.settings.faults = () => ({ status: 403 });
    expect((await refusalOf(client.tags(repository()))).code).toBe('REGISTRY_FORBIDDEN');
  });
});
