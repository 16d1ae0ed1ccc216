import fc from 'fast-check';

import { parseChallenges } from '../../../src/oci/challenge';
import { dockerConfigCredentials } from '../../../src/oci/docker-config';
import {
  createRegistryClient,
  formatReference,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  parseDescriptor,
  parseDigest,
  parseJsonObject,
  parseManifest,
  parseReference,
  parseTag,
} from '../../../src/oci';
import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import {
  anyBytes,
  expectRobust,
  mangled,
  mutated,
  mutatedJson,
  nastyJson,
  nastyText,
  RUNS,
} from './support/robust';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const DESCRIPTOR = {
  mediaType: OCI_CONFIG,
  digest: DIGEST,
  size: 2,
  artifactType: 'application/x',
  annotations: { a: 'b' },
  platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.version': '1' },
};
const MANIFEST = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  artifactType: 'application/x',
  config: DESCRIPTOR,
  layers: [DESCRIPTOR, DESCRIPTOR],
  subject: DESCRIPTOR,
  annotations: { a: 'b' },
};
const INDEX = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [DESCRIPTOR] };

test('strict JSON', async () => {
  await expectRobust(fc.oneof(anyBytes, mutatedJson(MANIFEST)), (bytes) => {
    const value = parseJsonObject(bytes, 'a document');
    // Accepted input has the same value as with the standard parser.
    expect(value).toEqual(JSON.parse(bytes.toString('utf8')));
  });
});

test('strict JSON rejects duplicate names at any position', () => {
  const names = fc.string({ unit: 'binary', maxLength: 10 });
  const value = fc.jsonValue({ maxDepth: 2 });
  const property = fc.property(names, value, value, fc.nat({ max: 20 }), (name, a, b, depth) => {
    const key = JSON.stringify(name);
    const twice = `{${key}:${JSON.stringify(a)}, "other":[{}] ,${key} :${JSON.stringify(b)}}`;
    const text = `${'{"x":['.repeat(depth)}${twice}${']}'.repeat(depth)}`;
    fc.pre(name !== 'other');
    expect(() => parseJsonObject(Buffer.from(text), 'a document')).toThrow(/twice/);
  });
  fc.assert(property, { numRuns: RUNS });
});

test('manifests and indexes', async () => {
  await expectRobust(mutatedJson(MANIFEST), (bytes) => parseManifest(bytes, OCI_MANIFEST));
  await expectRobust(mutatedJson(INDEX), (bytes) => parseManifest(bytes, OCI_INDEX));
  await expectRobust(
    fc.tuple(mutatedJson(INDEX), nastyText),
    ([bytes, type]) => parseManifest(bytes, type),
    50,
  );
});

test('descriptors', async () => {
  await expectRobust(fc.oneof(nastyJson, mutated(DESCRIPTOR)), (value) =>
    parseDescriptor(value, 'a descriptor'),
  );
});

test('references, tags and digests; what is taken is written as it was read', async () => {
  const part = fc.constantFrom(
    ...[
      '..',
      '.',
      '/',
      '//',
      ':',
      '@',
      'a',
      'A',
      'host:5000',
      '[::1]',
      DIGEST,
      '-',
      '_',
      '%2e',
      '?',
    ],
  );
  const made = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  await expectRobust(fc.oneof(nastyText, made), (text) => {
    const reference = parseReference(text);
    expect(parseReference(formatReference(reference))).toEqual(reference);
    const { registry, path } = reference.repository;
    const url = new URL(`https://${registry}/v2/${path}/manifests/x`);
    // No part of a reference changes the target host or repository.
    expect(url.pathname).toBe(`/v2/${path}/manifests/x`);
    expect(url.username + url.password + url.search + url.hash).toBe('');
  });
  await expectRobust(nastyText, parseTag);
  await expectRobust(nastyText, parseDigest);
});

test('challenges', async () => {
  const piece = fc.constantFrom(
    ...[
      'Bearer',
      'Basic',
      ' ',
      ',',
      '=',
      '"',
      '\\',
      'realm',
      '"https://a/b"',
      'scope',
      '\t',
      'x=y',
    ],
  );
  const made = fc.array(piece, { maxLength: 400 }).map((pieces) => pieces.join(''));
  await expectRobust(fc.oneof(nastyText, made), parseChallenges);
  for (const one of ['"', 'a=', '\\', ',', 'a ', 'a="\\', '= ', 'a,b=']) {
    parseChallenges(one.repeat(8192));
  }
});

test('docker configs', async () => {
  const config = {
    auths: {
      'https://127.0.0.1/v1/': { auth: 'dTpw', username: 'u', password: 'canary-fuzz-password' },
      'registry.example.com': { identitytoken: 'canary-fuzz-token' },
    },
    credHelpers: { 'ghcr.io': 'x' },
    credsStore: 'y',
  };
  const hosts = fc.constantFrom('127.0.0.1', 'registry.example.com', 'ghcr.io', '__proto__');
  await expectRobust(
    fc.tuple(mutatedJson(config), hosts, nastyText, nastyJson),
    async ([bytes, host, stdout, answer]) => {
      const helper = { exitCode: 0, stdout: host === 'ghcr.io' ? JSON.stringify(answer) : stdout };
      const credentials = dockerConfigCredentials({
        env: { HOME: '/home/u' },
        readFile: async () => bytes.toString('utf8'),
        runHelper: async () => helper,
      });
      await credentials({ registry: host, path: 'team/app' });
    },
  );
});

describe('what a registry answers', () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry.close());

  const headerText = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
  const link = fc
    .array(fc.constantFrom('<', '>', ';', 'rel=next', 'rel="next"', ' ', ',', '/v2/', '..', 'a'), {
      maxLength: 30,
    })
    .map((pieces) => pieces.join(''));
  const answers = fc.record({
    status: fc.constantFrom(200, 200, 200, 204, 206, 301, 307, 400, 401, 403, 404, 404, 409, 412),
    headers: fc.record(
      {
        'content-type': fc.oneof(headerText, fc.constantFrom(OCI_INDEX, OCI_MANIFEST, 'text/html')),
        link: fc.oneof(headerText, link),
        location: fc.oneof(headerText, fc.constantFrom('..', 'file:///x', '//[', '/v2/')),
        'www-authenticate': fc.oneof(
          headerText,
          fc.constantFrom('Bearer', 'Basic', 'Bearer realm="x"', 'Bearer realm="http://[::1]:1/"'),
        ),
        'docker-content-digest': headerText,
        etag: headerText,
      },
      { requiredKeys: ['content-type'] },
    ),
    body: fc.oneof(anyBytes, mutatedJson(INDEX), mutatedJson({ errors: [{ code: 'X' }] })),
  });

  test('any response is parsed or rejected', async () => {
    const client = createRegistryClient({
      dockerConfig: 'none',
      clock: { sleep: async () => undefined },
      budget: { throttled: 0, unavailable: 0, dropped: 0 },
    });
    const { repository } = parseReference(`${registry.host}/team/app`);
    const bytes = Buffer.from(JSON.stringify(INDEX));
    await expectRobust(
      fc.tuple(answers, fc.constantFrom('resolve', 'get', 'referrers', 'put', 'blob', 'access')),
      async ([answer, what]) => {
        registry.settings.faults = () => answer;
        const digest = parseDigest(DIGEST);
        if (what === 'resolve') await client.resolve(repository, parseTag('x'));
        if (what === 'get') await client.getManifest(repository, parseTag('x'));
        if (what === 'referrers') await client.referrers(repository, digest);
        if (what === 'put') await client.putManifest(repository, parseTag('x'), bytes, OCI_INDEX);
        if (what === 'blob') await client.putBlob(repository, bytes, 'application/x');
        if (what === 'access') await client.checkAccess(repository, 'push');
      },
    );
    await client.close();
  });

  test('a truncated or changed manifest never has the requested digest', async () => {
    const client = createRegistryClient({ dockerConfig: 'none' });
    const { repository } = parseReference(`${registry.host}/team/app`);
    const bytes = Buffer.from(JSON.stringify({ ...INDEX, manifests: [] }));
    registry.settings.faults = undefined;
    const { digest } = await client.putManifest(repository, parseTag('x'), bytes, OCI_INDEX);
    await expectRobust(mangled(bytes), async (body) => {
      registry.settings.faults = () => ({
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body,
      });
      const found = await client.getManifest(repository, digest);
      expect(found?.bytes.equals(bytes)).toBe(true);
    });
    await client.close();
  });
});
