import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import fc from 'fast-check';

import { type Cluster, startCluster } from '../../../dev/cluster';
import { digestPolicy, type Manifest } from '../../../src/enforce/admission';
import { celString } from '../../../src/enforce/admission/manifest';
import { kubectl } from '../support/kubectl';

const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;
const HOST = 'registry.example.com/team';
const GOOD = `${HOST}/app@${digest('1a')}`;
const SECOND = `${HOST}/side@${digest('3c')}`;
const HUB = `docker.io/acme/app@${digest('4d')}`;
const EVIL = `${HOST}/app@${digest('2b')}`;
const SPACE = 'guarded';
const MANY = 3_000;
const TEXTS = 2_000;

/** What an expression, a string or a template may read as something else. */
const PIECES = [
  ...['"', "'", '\\', '\\\\', '\n', '\r', '\t', '\0', '\b', '\f', '\u0001', '\u001b', '\u007f'],
  ...['\u0085', '\u2028', '\ufeff', '\u{1f600}', 'é', '${x}', '{{x}}', '$(x)', '%s', '"""', "'''"],
  ...[
    '`',
    '//',
    '#',
    'object',
    ' || true',
    '" || "" == "',
    '\\x41',
    '\\u0041',
    '\\101',
    'r"',
    'b"',
  ],
  ...['?', '*', '.', ' ', ''],
];

const POLICIES = '/apis/admissionregistration.k8s.io/v1';

interface Answer {
  readonly status: number;
  readonly body: unknown;
}
type Json = Record<string, unknown>;

const podSpec = (...images: readonly string[]) => ({
  containers: images.map((image, index) => ({ name: `c${index}`, image })),
});
const podOf = (name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec,
});
const deploymentOf = (name: string, spec: object) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas: 0,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec },
  },
});

describe('an attacker of the policy of verified digests on a real API server', () => {
  let cluster: Cluster;
  let made = 0;

  const pods = (space = SPACE) => `/api/v1/namespaces/${space}/pods`;
  const deployments = `/apis/apps/v1/namespaces/${SPACE}/deployments`;
  const name = (): string => `w-${(made += 1)}`;
  const create = (spec: object, metadata?: object): Promise<Answer> =>
    cluster.request('POST', pods(), podOf(name(), spec, metadata));
  const run = (...images: readonly string[]): Promise<Answer> => create(podSpec(...images));
  const apply = async (manifests: readonly Manifest[]): Promise<void> => {
    for (const manifest of manifests) {
      const plural = `${manifest.kind.toLowerCase()}s`.replace('policys', 'policies');
      const { status, body } = await cluster.request('POST', `${POLICIES}/${plural}`, manifest);
      expect([
        manifest.metadata.name,
        status,
        String((body as Json)['message']).slice(-300),
      ]).toEqual([manifest.metadata.name, 201, 'undefined']);
    }
  };
  const namespace = async (space: string): Promise<void> => {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: space } };
    expect(await cluster.request('POST', '/api/v1/namespaces', body)).toMatchObject({
      status: 201,
    });
  };
  const untilRefused = async (ask: () => Promise<Answer>): Promise<void> => {
    for (let tries = 0; tries < 120; tries += 1) {
      if ((await ask()).status === 403) return;
      await sleep(500);
    }
    throw new Error('the policy did not come into force');
  };
  const metadataOf = ({ body }: Answer) =>
    (body as { metadata: { name: string; resourceVersion: string } }).metadata;

  beforeAll(async () => {
    cluster = await startCluster();
    for (const space of [SPACE, 'many']) await namespace(space);
    await cluster.request('POST', deployments, deploymentOf('before', podSpec(EVIL)));
    await cluster.request('POST', pods(), podOf('before', podSpec(EVIL)));
    await apply(
      digestPolicy({
        name: 'only-verified',
        images: [GOOD, SECOND, HUB],
        namespaces: [SPACE],
        exempt: [
          { image: 'registry.k8s.io/*', reason: 'comes with the cluster' },
          { image: 'docker.io/library/nginx:*', reason: 'a proxy' },
          { image: '[2001:db8::1]:5000/tools/*', reason: 'a mirror by address' },
        ],
      }),
    );
    await untilRefused(() => run(EVIL));
    await untilRefused(() =>
      cluster.request('POST', `${deployments}?dryRun=All`, deploymentOf('probe', podSpec(EVIL))),
    );
  }, 180_000);
  afterAll(() => cluster?.stop());

  test.each([
    ['another repository with the same digest', `${HOST}/other@${digest('1a')}`],
    ['another registry', `mirror.example.com/team/app@${digest('1a')}`],
    ['a tag', `${HOST}/app:v1`],
    ['a tag of the verified digest in hex', `${HOST}/app:${'1a'.repeat(32)}`],
    ['a host in upper case', GOOD.replace('registry', 'REGISTRY')],
    ['a digest in upper case', GOOD.replace('1a', '1A')],
    ['another algorithm', GOOD.replace('sha256:', 'sha512:')],
    ['a space behind it', `${GOOD} `],
    ['a tab before it', `\t${GOOD}`],
    ['a line break behind it', `${GOOD}\n`],
    ['a scheme', `docker://${GOOD}`],
    ['a default port', GOOD.replace('.com/', '.com:443/')],
    ['two digests', `${GOOD}@${digest('2b')}`],
    ['a verified digest behind another', `${EVIL}@${digest('1a')}`],
    ['a path that climbs', GOOD.replace('/app', '/x/../app')],
    ['an empty component of the path', GOOD.replace('/app', '//app')],
    ['nothing', ''],
    ['a host that begins as an exempt one', 'registry.k8s.io.evil.example/pause'],
    ['a port of an exempt host', 'registry.k8s.io:5000/pause'],
    ['a tag with a path behind the exempt one', 'docker.io/library/nginx:5000/evil/miner'],
    ['the exempt image by its short name', 'nginx:1.27'],
    ['an exempt address with another port', '[2001:db8::1]:5001/tools/x'],
  ])('starts nothing by %s', async (_how, image) => {
    const answers = [
      await run(image),
      await run(GOOD, image),
      await create({ ...podSpec(GOOD), initContainers: [{ name: 'i', image }] }),
      await create({ ...podSpec(GOOD), volumes: [{ name: 'v', image: { reference: image } }] }),
      await cluster.request('POST', deployments, deploymentOf(name(), podSpec(image))),
    ];
    // Some of them the API server itself does not take: 422.
    for (const { status } of answers) expect([403, 422]).toContain(status);
  });

  test.each([
    ['as it was given', GOOD],
    ['with a tag beside the digest', GOOD.replace('@', ':v1@')],
    ['Docker Hub by its name', HUB],
    ['Docker Hub by its old name', HUB.replace('docker.io', 'index.docker.io')],
    ['Docker Hub by none', HUB.replace('docker.io/', '')],
    ['Docker Hub with a tag', HUB.replace('docker.io/', '').replace('@', ':v1@')],
    ['exempt', 'registry.k8s.io/pause:3.10'],
    ['exempt by tag and digest', `docker.io/library/nginx:1.27@${digest('5e')}`],
  ])('the verified image is admitted: %s', async (_how, image) => {
    expect(await run(image)).toMatchObject({ status: 201 });
  });

  test.each([
    ['two tags', GOOD.replace('@', ':v1:v2@')],
    ['a tag that is a path', GOOD.replace('@', ':v1/evil@')],
    ['a tag of another repository', `${HOST}/other:app@${digest('1a')}`],
    ['an empty tag', GOOD.replace('@', ':@')],
    ['the port of another registry', GOOD.replace('.com/', '.com:8443/')],
    ['a user of another name', HUB.replace('docker.io/acme', 'evil')],
    ['a host for the name of a user', HUB.replace('docker.io/', 'docker.io.evil.example/')],
  ])('a form with a tag or a short name is not: %s', async (_how, image) => {
    expect([403, 422]).toContain((await run(image)).status);
  });

  test('nothing is brought in by an update of a pod, its status or its ephemeral containers', async () => {
    const pod = await run(GOOD);
    const { name: own } = metadataOf(pod);
    const current = async (): Promise<Json & { readonly spec: Json }> =>
      (await cluster.request('GET', `${pods()}/${own}`)).body as Json & { readonly spec: Json };
    const put = async (further: object, subresource = ''): Promise<number> => {
      const body = await current();
      const spec = { ...body.spec, ...further };
      return (await cluster.request('PUT', `${pods()}/${own}${subresource}`, { ...body, spec }))
        .status;
    };
    const debug = (image: string) => ({ ephemeralContainers: [{ name: 'debug', image }] });
    expect([403, 422]).toContain(await put(debug(EVIL)));
    expect(await put(debug(EVIL), '/ephemeralcontainers')).toBe(403);
    expect(await put(podSpec(EVIL))).toBe(403);
    await put(podSpec(EVIL), '/status');
    await put(podSpec(EVIL), '/resize');
    expect(JSON.stringify((await current()).spec)).not.toContain(EVIL);
  });

  test('an image that ran before is kept by updates, and starts nothing new', async () => {
    const patch = (path: string, body: object) => cluster.request('PATCH', path, body);
    const moved = {
      spec: { template: { spec: { initContainers: [{ name: 'i', image: EVIL }] } } },
    };
    // Its pods are refused.
    expect(await patch(`${deployments}/before`, moved)).toMatchObject({ status: 200 });
    expect(await run(EVIL)).toMatchObject({ status: 403 });
    const mounted = {
      spec: { template: { spec: { volumes: [{ name: 'v', image: { reference: EVIL } }] } } },
    };
    expect(await patch(`${deployments}/before`, mounted)).toMatchObject({ status: 403 });
    const other = { spec: { containers: [{ name: 'c0', image: EVIL.replace('2b', '2c') }] } };
    expect(await patch(`${pods()}/before`, other)).toMatchObject({ status: 403 });
  });

  test('neither a made-up name, nor an annotation of mirror pods, nor a label of the namespace is a way out', async () => {
    const generated = { ...podOf('x', podSpec(EVIL)), metadata: { generateName: 'made-' } };
    expect(await cluster.request('POST', pods(), generated)).toMatchObject({ status: 403 });
    const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
    expect([403, 422]).toContain((await create(podSpec(EVIL), mirror)).status);
    await cluster.request('PATCH', `/api/v1/namespaces/${SPACE}`, {
      metadata: { labels: { 'kubernetes.io/metadata.name': 'kube-system' } },
    });
    await sleep(1000);
    expect((await run(EVIL)).status).toBe(403);
  });

  test('server-side apply and dry runs are checked as well', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'attacks-'));
    const file = join(folder, 'pod.json');
    await writeFile(file, JSON.stringify(podOf('applied', podSpec(EVIL))));
    const args = ['-n', SPACE, 'apply', '--server-side', '--force-conflicts', '-f', file];
    const { code, stderr } = await kubectl(cluster, ...args);
    await rm(folder, { recursive: true });
    expect([code, stderr]).toEqual([1, expect.stringContaining(`pulumi-signed-image: ${EVIL}`)]);
    expect(
      await cluster.request('POST', `${pods()}?dryRun=All`, podOf('d', podSpec(EVIL))),
    ).toMatchObject({ status: 403 });
  });

  test('pod templates and revisions hold nothing that was not verified, or start nothing', async () => {
    const template = {
      apiVersion: 'v1',
      kind: 'PodTemplate',
      metadata: { name: 't' },
      template: { metadata: { labels: { app: 't' } }, spec: podSpec(EVIL) },
    };
    const path = `/api/v1/namespaces/${SPACE}/podtemplates`;
    await untilRefused(() => cluster.request('POST', `${path}?dryRun=All`, template));
  });

  test('thousands of verified images and pods with many containers are decided, not refused for their size', async () => {
    const images = Array.from(
      { length: MANY },
      (_, index) => `${HOST}/service-${index}@${digest('6f')}`,
    );
    await apply(digestPolicy({ name: 'many', images, namespaces: ['many'] }));
    const ask = (...those: readonly string[]) =>
      cluster.request('POST', pods('many'), podOf(name(), podSpec(...those)));
    await untilRefused(() => ask(EVIL));
    const hundred = images.slice(-100);
    const answer = await ask(...hundred);
    expect([answer.status, (answer.body as Json)['message']]).toEqual([201, undefined]);
    const refused = await ask(...hundred, EVIL);
    expect(refused.status).toBe(403);
    expect((refused.body as Json)['message']).toContain(`pulumi-signed-image: ${EVIL}`);
  }, 120_000);

  test('a text in an expression is to the API server that very text', async () => {
    const text = fc
      .array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 })
      .map((parts) => parts.join(''));
    const texts = [...PIECES, ...fc.sample(text, { numRuns: TEXTS, seed: 16 })];
    const data = Object.fromEntries(texts.map((each, index) => [`t${index}`, each]));
    // Several expressions: the API server compiles each up to a limit.
    const validations = Array.from({ length: Math.ceil(texts.length / 50) }, (_, part) => ({
      expression: texts
        .slice(part * 50, part * 50 + 50)
        .map((each, index) => `object.data["t${part * 50 + index}"] == ${celString(each)}`)
        .join(' && '),
      message: `texts of part ${part}`,
    }));
    const rule = {
      apiGroups: [''],
      apiVersions: ['v1'],
      operations: ['CREATE'],
      resources: ['configmaps'],
    };
    const api = 'admissionregistration.k8s.io/v1';
    await apply([
      {
        apiVersion: api,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'texts' },
        spec: {
          failurePolicy: 'Fail',
          matchConstraints: { resourceRules: [rule] },
          validations,
        },
      },
      {
        apiVersion: api,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'texts' },
        spec: { policyName: 'texts', validationActions: ['Deny'] },
      },
    ]);
    const ask = (made: Readonly<Record<string, string>>) =>
      cluster.request('POST', `/api/v1/namespaces/${SPACE}/configmaps?dryRun=All`, {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'texts' },
        data: made,
      });
    const said = async (made: Readonly<Record<string, string>>) =>
      String(((await ask(made)).body as Json)['message']);
    for (
      let tries = 0;
      tries < 120 && !/texts of/.test(await said({ ...data, t0: 'x' }));
      tries += 1
    )
      await sleep(500);
    expect(await said(data)).toBe('undefined');
    for (let index = 0; index < texts.length; index += 97)
      expect(await said({ ...data, [`t${index}`]: `${texts[index]} ` })).toMatch(/texts of part/);
  }, 120_000);
});
