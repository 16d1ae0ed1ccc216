import {
  createRegistryClient,
  type Descriptor,
  digestOf,
  formatRepository,
  type Repository,
} from '../../src/oci';
import {
  encodeSimpleSigning,
  legacyTag,
  parseSimpleSigning,
  readLayers,
  SIMPLE_SIGNING_MEDIA_TYPE,
  writeLayer,
} from '../../src/storage';
import { freshRepository, type Lab, openLab, pushImage } from '../verify/support/lab';
import { blobAt, manifestAt, replaceTag } from '../verify/support/stored';

let lab: Lab;
let repository: Repository;
let image: Descriptor;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
beforeEach(async () => {
  Object.assign(lab.registry.settings, {
    etags: true,
    conditions: true,
    immutableTags: false,
    faults: undefined,
  });
  repository = freshRepository(lab);
  image = await pushImage(lab, repository);
});

const SIGNATURE = 'dev.cosignproject.cosign/signature';

function layer(name: string) {
  const blob = encodeSimpleSigning(formatRepository(repository), image.digest, { name });
  const annotations = { [SIGNATURE]: Buffer.from(name).toString('base64') };
  return { repository, subject: image.digest, purpose: 'signature' as const, blob, annotations };
}

function tag(): string {
  return legacyTag(image.digest, 'signature');
}

function namesThere(): string[] {
  return manifestAt(lab, repository, tag()).layers.map(({ digest }) =>
    String(parseSimpleSigning(blobAt(lab, repository, digest)).annotations['name']),
  );
}

test('the payload is what cosign signs, byte for byte', () => {
  const text = (annotations: Record<string, string>) =>
    encodeSimpleSigning(
      'registry.example.com/team/app',
      digestOf(Buffer.from('')),
      annotations,
    ).toString('utf8');
  const critical =
    '{"critical":{"identity":{"docker-reference":"registry.example.com/team/app"},"image":{"docker-manifest-digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},"type":"cosign container image signature"}';
  expect(text({})).toBe(`${critical},"optional":null}`);
  expect(text({ a: 'b' })).toBe(`${critical},"optional":{"a":"b"}}`);
});

test('the manifest is an image whose config lists the layers', async () => {
  await writeLayer(lab.client, layer('one'));
  await writeLayer(lab.client, layer('two'));
  const manifest = manifestAt(lab, repository, tag());
  const { config } = manifest as unknown as { config: Descriptor };
  expect(config.mediaType).toBe('application/vnd.oci.image.config.v1+json');
  expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([
    SIMPLE_SIGNING_MEDIA_TYPE,
    SIMPLE_SIGNING_MEDIA_TYPE,
  ]);
  const created = '0001-01-01T00:00:00Z';
  expect(JSON.parse(blobAt(lab, repository, config.digest).toString('utf8'))).toEqual({
    architecture: '',
    created,
    history: [{ created }, { created }],
    os: '',
    rootfs: { type: 'layers', diff_ids: manifest.layers.map(({ digest }) => digest) },
    config: {},
  });
});

test('what others put into the tag stays as it was', async () => {
  await writeLayer(lab.client, layer('first'));
  const before = manifestAt(lab, repository, tag());
  const foreign = {
    ...before.layers[0],
    mediaType: 'application/vnd.example.unknown',
    annotations: { theirs: 'kept' },
    extra: { also: 'kept' },
  };
  const layers = [...before.layers, foreign];
  replaceTag(lab, repository, tag(), { ...before, layers, annotations: { their: 'manifest' } });
  await writeLayer(lab.client, layer('second'));
  const after = manifestAt(lab, repository, tag());
  expect(after.layers.slice(0, 2)).toEqual(layers);
  expect(after.annotations).toEqual({ their: 'manifest' });
  expect(after.layers).toHaveLength(3);
});

test('writing the same signature twice adds nothing', async () => {
  await writeLayer(lab.client, layer('same'));
  const before = manifestAt(lab, repository, tag());
  lab.registry.clearRequests();
  await writeLayer(lab.client, layer('same'));
  expect(manifestAt(lab, repository, tag())).toEqual(before);
  expect(lab.registry.requests.filter(({ method }) => method === 'PUT')).toEqual([]);
});

const EIGHT = ['1', '2', '3', '4', '5', '6', '7', '8'];

test.each([true, false])('eight writers at a time lose nothing (ETags: %s)', async (etags) => {
  lab.registry.settings.etags = etags;
  await Promise.all(EIGHT.map((name) => writeLayer(lab.client, layer(name))));
  expect(namesThere().sort()).toEqual(EIGHT);
});

test('a write that another process undoes is repeated', async () => {
  await writeLayer(lab.client, layer('ours before'));
  const other = createRegistryClient({ dockerConfig: 'none' });
  const stale = manifestAt(lab, repository, tag());
  let undone = 0;
  lab.registry.settings.etags = false;
  lab.registry.settings.faults = ({ method, path }) => {
    // Twice: the tag goes back to what it was, before our writer reads it back.
    const readsBack = method === 'GET' && path.endsWith(tag());
    if (readsBack && undone < 2 && namesThere().includes('ours')) {
      undone += 1;
      replaceTag(lab, repository, tag(), stale);
    }
    return undefined;
  };
  await writeLayer(other, layer('ours'));
  await other.close();
  expect(undone).toBe(2);
  expect(namesThere()).toEqual(['ours before', 'ours']);
});

test('a tag that changed between read and write is read again, where the registry has ETags', async () => {
  await writeLayer(lab.client, layer('first'));
  let raced = false;
  lab.registry.settings.faults = ({ method, path }) => {
    if (method === 'PUT' && path.endsWith(tag()) && !raced) {
      raced = true;
      const now = manifestAt(lab, repository, tag());
      const theirs = { ...now.layers[0], annotations: { theirs: 'kept' } };
      replaceTag(lab, repository, tag(), { ...now, layers: [...now.layers, theirs] });
    }
    return undefined;
  };
  await writeLayer(lab.client, layer('second'));
  expect(namesThere()).toEqual(['first', 'first', 'second']);
});

describe('where tags are immutable', () => {
  beforeEach(() => {
    lab.registry.settings.immutableTags = true;
  });
  afterEach(() => {
    lab.registry.settings.referrersApi = true;
  });

  test('the first signature is stored, and a second one is refused with the setting to change', async () => {
    await writeLayer(lab.client, layer('first'));
    await expect(writeLayer(lab.client, layer('second'))).rejects.toMatchObject({
      code: 'REGISTRY_CONFLICT',
      property: 'format',
      message: expect.stringMatching(
        /tags are immutable.*exempt the tags sha256-\*.*Alternatively use format "bundle"/,
      ),
    });
    expect(namesThere()).toEqual(['first']);
  });

  test('format "bundle" is not advised where it would need such a tag as well', async () => {
    lab.registry.settings.referrersApi = false;
    await writeLayer(lab.client, layer('first'));
    await expect(writeLayer(lab.client, layer('second'))).rejects.toMatchObject({
      message: expect.stringContaining('"bundle" needs such a tag here too'),
    });
  });
});

test('two first writers lose nothing: the second one finds that there is a tag', async () => {
  const other = freshRepository(lab);
  const { digest } = await pushImage(lab, other);
  await writeLayer(lab.client, { ...layer('theirs'), repository: other, subject: digest });
  const theirs = manifestAt(lab, other, legacyTag(digest, 'signature'));
  for (const { digest: blob } of theirs.layers) {
    lab.registry.store.putBlob(repository.path, blobAt(lab, other, blob));
  }
  let raced = false;
  lab.registry.settings.faults = ({ method, path, headers }) => {
    if (method === 'PUT' && path.endsWith(tag()) && !raced) {
      raced = true;
      expect(headers['if-none-match']).toBe('*');
      replaceTag(lab, repository, tag(), theirs);
    }
    return undefined;
  };
  await writeLayer(lab.client, layer('ours'));
  expect(namesThere()).toEqual(['theirs', 'ours']);
});

test('a signature that was added during the upload of the config is kept, also without preconditions', async () => {
  lab.registry.settings.conditions = false;
  lab.registry.settings.singlePost = false;
  await writeLayer(lab.client, layer('first'));
  let raced = false;
  lab.registry.settings.faults = ({ method, path }) => {
    if (method === 'PUT' && path.includes('/blobs/uploads/') && !raced) {
      raced = true;
      const now = manifestAt(lab, repository, tag());
      const theirs = { ...now.layers[0], annotations: { theirs: 'kept' } };
      replaceTag(lab, repository, tag(), { ...now, layers: [...now.layers, theirs] });
    }
    return undefined;
  };
  const { blob, ...rest } = layer('second');
  lab.registry.store.putBlob(repository.path, blob);
  const other = createRegistryClient({ dockerConfig: 'none' });
  await writeLayer(other, { ...rest, blob });
  await other.close();
  expect(raced).toBe(true);
  expect(namesThere()).toEqual(['first', 'first', 'second']);
});

test('what is shown late is waited for, and written once', async () => {
  lab.registry.settings.lateVisibility = 4;
  lab.registry.clearRequests();
  await writeLayer(lab.client, layer('ours'));
  lab.registry.settings.lateVisibility = 0;
  const writes = lab.registry.requests.filter(
    ({ method, path }) => method === 'PUT' && path.endsWith(tag()),
  );
  expect(writes).toHaveLength(1);
  expect(lab.client.traits(repository).has('lateVisibility')).toBe(true);
});

test('no more than cosign reads is ever written', async () => {
  await writeLayer(lab.client, layer('first'));
  const manifest = manifestAt(lab, repository, tag());
  const layers = Array.from({ length: 1000 }, (_, n) => ({
    ...manifest.layers[0],
    annotations: { n: String(n) },
  }));
  replaceTag(lab, repository, tag(), { ...manifest, layers });
  await expect(writeLayer(lab.client, layer('second'))).rejects.toMatchObject({
    code: 'CONTENT_TOO_LARGE',
    property: 'format',
  });
  replaceTag(lab, repository, tag(), { ...manifest, layers: [...layers, ...layers] });
  await expect(readLayers(lab.client, repository, image.digest, 'signature')).rejects.toMatchObject(
    {
      code: 'CONTENT_TOO_LARGE',
    },
  );
});

test('a tag that holds no list of signatures is left as it is', async () => {
  const index = { schemaVersion: 2, manifests: [], layers: 'none' };
  replaceTag(lab, repository, tag(), index);
  await expect(writeLayer(lab.client, layer('first'))).rejects.toMatchObject({
    code: 'CONTENT_MALFORMED',
    message: expect.stringContaining('left unchanged'),
  });
  expect(manifestAt(lab, repository, tag())).toEqual(index);
  const { unusable } = await readLayers(lab.client, repository, image.digest, 'signature');
  expect(unusable).toHaveLength(1);
});

test('layers that cannot be used are distinguished from those that could not be read', async () => {
  await writeLayer(lab.client, layer('gone'));
  await writeLayer(lab.client, layer('no base64'));
  await writeLayer(lab.client, { ...layer('unsigned'), annotations: {} });
  const [gone, second] = manifestAt(lab, repository, tag()).layers;
  lab.registry.store.deleteBlob(repository.path, String(gone?.digest));
  lab.registry.settings.faults = ({ method, path }) =>
    method === 'GET' && path.endsWith(`/blobs/${second?.digest}`) ? { status: 403 } : undefined;
  const found = await readLayers(lab.client, repository, image.digest, 'signature');
  expect(found.candidates).toEqual([]);
  expect(found.unusable.map(({ reason }) => reason)).toEqual([
    'the registry does not have its payload',
    expect.stringContaining('no signature'),
  ]);
  expect(found.unread.map(({ stored }) => stored)).toEqual([second?.digest]);
});
