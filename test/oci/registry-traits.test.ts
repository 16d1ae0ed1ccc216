import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type Descriptor, fallbackTag, OCI_INDEX, type RegistryClient } from '../../src/oci';
import { immutabilityRemedy } from '../../src/oci/immutable-tags';
import {
  attach,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from './support/registry-fixture';

let registry: RunningRegistry;
let client: RegistryClient;
let image: Descriptor;

beforeEach(async () => {
  registry = await startRegistry({ settings: { referrersApi: false } });
  client = testClient().client;
  image = storeImage(registry);
});
afterEach(async () => {
  await client.close();
  await registry.close();
});
const repository = () => repositoryOf(registry);
const traits = () => client.traits(repository());
const writesOfTag = () =>
  registry.requests.filter(
    ({ method, path }) => method === 'PUT' && path.endsWith(fallbackTag(image.digest)),
  );

describe('missing capabilities are detected from responses, and logged once', () => {
  it('no referrers API', async () => {
    await client.referrers(repository(), image.digest);
    expect(traits().has('noReferrersApi')).toBe(true);
    expect(traits().newLogLines()).toEqual([
      `registry: ${registry.host}/team/app does not support the referrers API: signatures are listed in tags (sha256-...)`,
    ]);
    await attach(client, repository(), image, 'two');
    expect(traits().newLogLines()).toEqual([]);
    // The response to a write is the first sign that it supports the API now.
    registry.settings.referrersApi = true;
    await attach(client, repository(), image, 'three');
    expect(traits().has('noReferrersApi')).toBe(false);
  });

  it('no ETags, where they would have been used', async () => {
    registry.settings.etags = false;
    await attach(client, repository(), image, 'one');
    expect(traits().has('noETags')).toBe(false);
    await attach(client, repository(), image, 'two');
    expect(traits().has('noETags')).toBe(true);
  });

  it('what was written is shown late: it is waited for, and not written again', async () => {
    registry.settings.lateVisibility = 5;
    await attach(client, repository(), image, 'one');
    expect(writesOfTag()).toHaveLength(1);
    expect(traits().newLogLines()).toContain(
      `registry: ${registry.host}/team/app is eventually consistent: writes became visible after a delay`,
    );
  });

  it('nothing, of a registry that has it all', async () => {
    registry.settings.referrersApi = true;
    await attach(client, repository(), image, 'one');
    await attach(client, repository(), image, 'two');
    expect(traits().newLogLines()).toEqual([]);
  });

  it('does not send requests only to detect it', async () => {
    registry.settings.referrersApi = true;
    registry.clearRequests();
    await client.referrers(repository(), image.digest);
    expect(registry.requests).toHaveLength(1);
  });
});

describe('the first write of a tag', () => {
  it('is conditional on the absence of the tag, and the next one on the unchanged tag', async () => {
    await attach(client, repository(), image, 'one');
    const first = registry.store.resolve('team/app', fallbackTag(image.digest));
    await attach(client, repository(), image, 'two');
    expect(writesOfTag().map(({ headers }) => headers['if-none-match'])).toEqual(['*', undefined]);
    expect(writesOfTag().map(({ headers }) => headers['if-match'])).toEqual([
      undefined,
      `"${first}"`,
    ]);
  });

  it('preserves the signature of a concurrent first writer, with and without preconditions', async () => {
    for (const conditions of [true, false]) {
      registry.settings.conditions = conditions;
      const subject = storeImage(registry, 'team/app', `image ${conditions}`);
      const tag = fallbackTag(subject.digest);
      const other = storeImage(registry, 'team/app', `attached elsewhere ${conditions}`);
      const theirs = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [other] };
      const bytes = Buffer.from(JSON.stringify(theirs));
      let raced = false;
      // With preconditions they write first; otherwise they overwrite ours, as cosign would.
      registry.settings.faults = ({ method, path }) => {
        const now = registry.store.resolve('team/app', tag) !== undefined;
        const turn = conditions ? method === 'PUT' && !now : method === 'GET' && now;
        if (path.endsWith(tag) && turn && !raced) {
          raced = true;
          registry.store.putManifest('team/app', { mediaType: OCI_INDEX, bytes }, { tag });
        }
        return undefined;
      };
      const ours = await attach(client, repository(), subject, 'ours');
      const listed = await client.referrers(repository(), subject.digest);
      expect(raced).toBe(true);
      expect(listed.map(({ digest }) => digest).sort()).toEqual([other.digest, ours.digest].sort());
      expect(traits().has('honorsPreconditions')).toBe(true);
    }
  });
});

describe('immutable tags', () => {
  it.each(['ecr', 'harbor'] as const)(
    'are reported at once if the registry reports them like %s, with the setting to change',
    async (style) => {
      await attach(client, repository(), image, 'first');
      registry.settings.immutableTags = style;
      registry.clearRequests();
      const error = await refusalOf(attach(client, repository(), image, 'second'));
      expect(error.code).toBe('REGISTRY_CONFLICT');
      expect(error.message).toMatch(/tags are immutable.*sha256-\*.*Harbor.*GitLab|GitLab.*Harbor/);
      expect(writesOfTag()).toHaveLength(1);
      expect(traits().has('immutableTags')).toBe(true);
    },
  );

  it('are guessed, after a while, where the registry does not say so', async () => {
    await attach(client, repository(), image, 'first');
    registry.settings.immutableTags = 'silent';
    const error = await refusalOf(attach(client, repository(), image, 'second'));
    expect(error.code).toBe('REGISTRY_CONFLICT');
    expect(error.message).toContain('or its tags are immutable');
    expect(traits().has('immutableTags')).toBe(false);
  });

  it('take the first write, and it is enough for one signature', async () => {
    registry.settings.immutableTags = true;
    const ours = await attach(client, repository(), image, 'only');
    expect(await client.referrers(repository(), image.digest)).toHaveLength(1);
    await attach(client, repository(), image, 'only');
    expect(ours.digest).toBe((await client.referrers(repository(), image.digest))[0]?.digest);
  });

  it.each([
    ['123456789012.dkr.ecr.eu-central-1.amazonaws.com', /IMMUTABLE_WITH_EXCLUSION.*sha256-\*/],
    ['europe-docker.pkg.dev', /Google Artifact Registry/],
    ['index.docker.io', /Docker Hub/],
    ['registry.gitlab.com', /^GitLab/],
    ['gitlab.example.com', /^GitLab/],
    ['quay.io', /^Quay/],
    ['harbor.example.com:8443', /^Harbor/],
    ['registry.example.com', /exempt the tags sha256-\*.*GitLab.*Quay.*Harbor/],
  ])('at %s the setting is named as it is called there', (host, setting) => {
    expect(immutabilityRemedy(host)).toMatch(setting);
  });
});
