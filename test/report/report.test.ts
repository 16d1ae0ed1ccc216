import { AUDIT_STATUSES } from '../../src/audit';
import { isFinding } from '../../src/audit/audit-report';
import { auditProblem, createReport, type Report, reportJson } from '../../src/report';
import { recordedStack } from './support/recorded';
import {
  ARM,
  auditOf,
  DIGEST,
  IMAGE,
  resourceOf,
  secretOf,
  stateOf,
  urnOf,
  verifiedOutputs,
  verifiedStack,
} from './support/state';

const now = new Date('2026-02-03T04:05:06Z');
const ofStack = (stackState: string): Report => createReport({ stackState, now });

describe('the report of a recorded stack', () => {
  const report = ofStack(recordedStack());
  const image = (name: string) => report.images.find((each) => each.name === name);

  test('lists what is wrong first', () => {
    expect(report.images.map(({ name, status }) => [name, status])).toEqual([
      ['cache', 'problem'],
      ['worker', 'problem'],
      ['api', 'verified'],
      ['web', 'verified'],
    ]);
    expect(report.outcome).toBe('problems');
  });

  test('follows an image from its commit to its workloads', () => {
    const web = image('web');
    expect(web?.source).toMatchObject({
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      branch: 'main',
      repository: 'https://git.example.test/team/app.git',
      dirty: false,
    });
    expect(web?.build).toMatchObject({ dockerfile: 'app/Dockerfile', system: 'git' });
    expect(web?.image).toBe(`registry.example.test/shop/web@${web?.digest}`);
    expect(web?.manifests.map(({ platform }) => platform)).toEqual([
      undefined,
      'linux/amd64',
      'linux/arm64',
    ]);
    for (const { parts } of web?.manifests ?? []) {
      expect(parts.map(({ purpose, status }) => [purpose, status])).toEqual([
        ['signature', 'present'],
        ['provenance', 'present'],
      ]);
    }
    expect(web?.logEntries).toHaveLength(6);
    expect(web?.rule).toMatchObject({
      resource: 'web-verified',
      keys: [(web?.signer as { keyId: string }).keyId],
      transparency: 'log',
      provenance: { commit: web?.source.commit },
    });
    expect(web?.workloads).toEqual([
      { kind: 'resource', name: 'kubernetes:apps/v1:Deployment web' },
    ]);
  });

  test('names the identity that signed', () => {
    expect(image('api')?.signer).toMatchObject({
      kind: 'keyless',
      issuer: 'https://oidc.example.test',
    });
    expect(image('api')?.rule?.identities).toHaveLength(1);
  });

  test('reports what a refresh found', () => {
    expect(image('cache')?.problems).toEqual([
      {
        kind: 'problem',
        message: expect.stringMatching(/^changed in the registry: signature \(bundle\) of sha256:/),
      },
    ]);
  });

  test('reports an image that was signed, and whose verification failed', () => {
    const worker = image('worker');
    expect(worker?.problems[0]?.message).toContain('signed, but not verified');
    expect(worker?.manifests[0]?.parts[0]?.status).toBe('not-verified');
    expect(worker?.rule).toBeUndefined();
  });
});

describe('the report of a stack', () => {
  test('is about the state file of a self-managed backend, too', () => {
    const { deployment } = JSON.parse(verifiedStack()) as { deployment: object };
    const file = JSON.stringify({ version: 3, checkpoint: { stack: 'prod', latest: deployment } });
    expect(ofStack(file).images).toMatchObject([{ name: 'web', status: 'verified' }]);
  });

  test('has the time of the state and of the verification', () => {
    const report = ofStack(verifiedStack());
    expect(report.stack).toEqual({ name: 'shop/prod', time: '2026-01-02T03:04:05Z' });
    expect(report.images[0]?.verifiedAt).toBe('2026-01-02T03:00:00Z');
    expect(report.created).toBe('2026-02-03T04:05:06.000Z');
  });

  test.each([
    ['only a build', 'ImageBuild', { claimedDigest: DIGEST }, 'built and pushed, but not signed'],
    ['only a signature', 'ImageSignature', {}, 'signed, but not verified'],
  ])('with %s of an image has a problem', (_, kind, outputs, message) => {
    const { images } = ofStack(
      stateOf(resourceOf(kind, 'web', { inputs: { image: IMAGE.replace('@', ':v1@') }, outputs })),
    );
    expect(images[0]?.problems).toMatchObject([{ message: expect.stringContaining(message) }]);
  });

  test('with a component without resources has a problem', () => {
    const report = ofStack(stateOf(resourceOf('SignedImage', 'web', { custom: false })));
    expect(report.images[0]).toMatchObject({ status: 'problem', image: 'unknown image' });
  });

  test('does not take a verification for one that it is not', () => {
    const result = (verification: unknown) =>
      ofStack(verifiedStack({ verification })).images[0]?.status;
    expect(result(JSON.stringify({ verified: false, digest: DIGEST, manifests: [] }))).toBe(
      'problem',
    );
    expect(result('not JSON')).toBe('incomplete');
    expect(result(JSON.stringify({ digest: DIGEST }))).toBe('incomplete');
    expect(result(secretOf('x'))).toBe('incomplete');
    expect(ofStack(verifiedStack({ digest: null })).images[0]?.status).toBe('incomplete');
  });

  test('keeps apart two components that sign the same image', () => {
    const component = (name: string) => resourceOf('SignedImage', name, { custom: false });
    const part = (kind: string, of: string, outputs: object) =>
      resourceOf(kind, `${of}-${kind}`, {
        parent: urnOf('signed-image:index:SignedImage', of),
        inputs: { image: IMAGE },
        outputs,
      });
    const { images } = ofStack(
      stateOf(
        component('one'),
        component('two'),
        part('ImageSignature', 'one', { drift: ['first'] }),
        part('ImageSignature', 'two', {}),
        part('VerifiedImage', 'two', verifiedOutputs()),
        part('VerifiedImage', 'one', verifiedOutputs()),
      ),
    );
    expect(images.map(({ name, problems }) => [name, problems.length])).toEqual([
      ['one', 1],
      ['two', 0],
    ]);
  });

  test('joins resources without a component by their image', () => {
    const inputs = { image: IMAGE };
    const { images } = ofStack(
      stateOf(
        resourceOf('ImageSignature', 'signature', { inputs, outputs: { facts: { commit: 'c1' } } }),
        resourceOf('VerifiedImage', 'verified', { inputs, outputs: verifiedOutputs() }),
      ),
    );
    expect(images).toMatchObject([{ name: 'verified', source: { commit: 'c1' } }]);
  });

  test('reports interrupted operations and partial updates', () => {
    const state = JSON.parse(verifiedStack()) as {
      deployment: { resources: Record<string, unknown>[]; pending_operations: object[] };
    };
    const [verified] = state.deployment.resources;
    Object.assign(verified ?? {}, { initErrors: ['registry did not respond'] });
    state.deployment.pending_operations = [{ resource: verified, type: 'updating' }];
    const report = ofStack(JSON.stringify(state));
    expect(report.images[0]?.problems).toMatchObject([
      { message: 'the last update failed: registry did not respond' },
    ]);
    expect(report.notes).toEqual([expect.stringContaining('an operation on web was interrupted')]);
  });

  test('leaves out what waits for its deletion', () => {
    const state = JSON.parse(verifiedStack()) as { deployment: { resources: object[] } };
    Object.assign(state.deployment.resources[0] ?? {}, { delete: true });
    const report = ofStack(JSON.stringify(state));
    expect(report).toMatchObject({ images: [], outcome: 'incomplete' });
  });

  test('finds each resource that declares a platform manifest or the image, in any input', () => {
    const task = JSON.stringify([{ image: `registry.example.test/shop/web@${ARM}` }]);
    const { deployment } = JSON.parse(verifiedStack()) as { deployment: { resources: object[] } };
    const { images } = ofStack(
      stateOf(
        ...deployment.resources,
        resourceOf('aws:ecs/taskDefinition:TaskDefinition', 'task', {
          inputs: { containerDefinitions: task },
        }),
        resourceOf('kubernetes:core/v1:Secret', 'hidden', { inputs: { data: secretOf(IMAGE) } }),
        resourceOf('pulumi:pulumi:Stack', 'stack', { inputs: { image: IMAGE } }),
      ),
    );
    expect(images[0]?.workloads.map(({ name }) => name)).toEqual([
      'aws:ecs/taskDefinition:TaskDefinition task',
    ]);
  });

  test('contains no secret of the state, also if it is exported in plain text', () => {
    const hidden = secretOf('the hidden value');
    const report = ofStack(
      verifiedStack(
        { signedAnnotations: { team: hidden }, drift: hidden, verifiedProvenance: hidden },
        {
          annotations: { team: hidden, 'hidden value of another': 'plain' },
          keys: [hidden],
          trustedKeys: [{ key: hidden }, hidden],
          identities: [{ identity: hidden, issuer: 'https://issuer' }, hidden],
          provenance: hidden,
          registry: { password: hidden, username: 'the hidden value' },
        },
      ),
    );
    const text = reportJson(report);
    expect(text).not.toContain('the hidden value');
    expect(text).not.toContain('ciphertext-of-the-state');
    expect(text).not.toContain('1b47061264138c4ac30d75fd1eb44270');
    expect(report.images[0]?.rule).toMatchObject({
      annotations: { team: '(secret)' },
      keys: ['(secret)'],
      trustedKeys: [{ key: '(secret)' }, { key: '(secret)' }],
      identities: [{ identity: '(secret)' }, { identity: '(secret)' }],
    });
  });

  test('shows a key reference without its PIN', () => {
    const report = ofStack(verifiedStack({}, { keys: ['pkcs11:token=t;object=o?pin-value=4711'] }));
    expect(report.images[0]?.rule?.keys[0]).not.toContain('4711');
  });
});

describe('the report of a cluster audit', () => {
  test('has the same findings as the audit', () => {
    for (const status of AUDIT_STATUSES) {
      const found = auditProblem({ status });
      const expected = status === 'check-failed' ? 'incomplete' : 'problem';
      expect([status, found?.kind]).toEqual([
        status,
        isFinding(status) || status === 'check-failed' ? expected : undefined,
      ]);
    }
  });

  test('treats a status of a later version as a problem', () => {
    const clusterAudit = auditOf({ image: IMAGE, status: 'revoked' });
    expect(createReport({ clusterAudit, now }).outcome).toBe('problems');
  });

  test('lists each image with its containers, worst first', () => {
    const container = { namespace: 'shop', pod: 'web-1', container: 'app' };
    const report = createReport({
      clusterAudit: auditOf(
        { image: 'a', status: 'match' },
        { image: 'b', status: 'exempt', reason: 'from the platform' },
        { image: 'c', status: 'check-failed', reason: 'no route' },
        { image: IMAGE, digest: DIGEST, status: 'not-signed', containers: [container] },
      ),
      now,
    });
    expect(report.images.map(({ image, status }) => [image, status])).toEqual([
      [IMAGE, 'problem'],
      ['c', 'incomplete'],
      ['a', 'verified'],
      ['b', 'exempt'],
    ]);
    expect(report.images[0]?.workloads).toEqual([{ kind: 'container', name: 'shop/web-1/app' }]);
    expect(report.stack).toBeUndefined();
  });

  test('is joined with the stack by the digest of the image or of a platform', () => {
    const container = { namespace: 'shop', pod: 'web-1', container: 'app' };
    const entry = { logIndex: '7', logId: 'log', inState: false };
    const report = createReport({
      stackState: verifiedStack(),
      clusterAudit: auditOf(
        {
          image: `mirror.example.test/web@${ARM}`,
          digest: ARM,
          status: 'not-in-log',
          reason: 'no entry',
          containers: [container],
          logEntries: [entry],
        },
        { image: 'other', digest: `sha256:${'d'.repeat(64)}`, status: 'match' },
      ),
      now,
    });
    expect(report.images).toMatchObject([
      {
        name: 'web',
        status: 'problem',
        problems: [{ message: 'cluster audit: not in log: no entry' }],
        audit: { status: 'not-in-log' },
        workloads: [{ kind: 'container', name: 'shop/web-1/app' }],
      },
      { image: 'other', status: 'verified' },
    ]);
  });
});

test.each([
  ['no JSON', 'x'],
  ['another document', '{"a": 1}'],
  ['a list', '[]'],
  ['an image without a status', auditOf({ image: 'a' })],
])('an audit that is %s is an error', (_, clusterAudit) => {
  expect(() => createReport({ clusterAudit, now })).toThrow('audit report');
});

test.each(['', 'x', '{}', '{"deployment": {}}', '{"deployment": {"resources": 1}}', '[]'])(
  'the state %j is an error',
  (stackState) => expect(() => ofStack(stackState)).toThrow('not a stack export'),
);

test('a report requires an input', () => {
  expect(() => createReport({ now })).toThrow('a report requires');
});
