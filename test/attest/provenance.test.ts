import {
  BUILD_TYPE,
  encodeStatement,
  parseStatement,
  provenanceStatement,
  createsProvenance,
  sameProvenance,
  subjectsOf,
} from '../../src/attest';
import { digestOf, hexOf, parseTag } from '../../src/oci';

const digest = digestOf(Buffer.from('image'));
const dockerfileDigest = digestOf(Buffer.from('FROM scratch'));
const contextDigest = digestOf(Buffer.from('context'));

type Input = Parameters<typeof provenanceStatement>[0];

const input: Input = {
  digest,
  instructions: {
    repository: { registry: 'registry.example.com', path: 'team/app' },
    tag: parseTag('v1'),
    context: '.',
    dockerfile: 'Dockerfile',
    target: 'final',
    args: { B: '2', A: '1' },
    secretArgs: ['TOKEN'],
    secretIds: ['npm'],
    platforms: ['linux/amd64', 'linux/arm64'],
    labels: { team: 'a' },
    contexts: { b: 'docker-image://r.example/base', a: 'shared' },
    pull: true,
    noCache: true,
    network: 'none',
    addHosts: { b: '192.0.2.2', a: '192.0.2.1' },
    sshIds: ['z', 'default'],
    sbom: true,
    builder: 'auto',
    parameters: { reason: 'release' },
  },
  materials: {
    repository: 'https://git.example.com/team/app',
    branch: 'main',
    commit: 'c'.repeat(40),
    dockerfileDigest,
    contextDigest,
    contextDigests: { a: contextDigest },
  },
  run: {
    builderId: 'https://ci.example.com/runner',
    system: 'jenkins',
    usedBuilder: 'buildah',
    dirty: false,
    user: 'alice',
    invocation: 'https://ci.example.com/job/7',
    startedOn: '2026-01-02T03:04:05Z',
    finishedOn: '2026-01-02T03:05:05.123Z',
  },
};

test('records what was built, by which builder, from which sources, and when', () => {
  expect(provenanceStatement(input)).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'registry.example.com/team/app', digest: { sha256: hexOf(digest) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: BUILD_TYPE,
        externalParameters: {
          image: 'registry.example.com/team/app',
          tag: 'v1',
          context: '.',
          dockerfile: 'Dockerfile',
          target: 'final',
          args: { A: '1', B: '2' },
          secretArgs: ['TOKEN'],
          secretIds: ['npm'],
          platforms: ['linux/amd64', 'linux/arm64'],
          labels: { team: 'a' },
          contexts: { a: 'shared', b: 'docker-image://r.example/base' },
          pull: true,
          noCache: true,
          network: 'none',
          addHosts: { a: '192.0.2.1', b: '192.0.2.2' },
          sshIds: ['default', 'z'],
          sbom: true,
          builder: 'auto',
          parameters: { reason: 'release' },
        },
        internalParameters: {
          system: 'jenkins',
          usedBuilder: 'buildah',
          dirty: false,
          user: 'alice',
        },
        resolvedDependencies: [
          {
            name: 'source',
            uri: 'git+https://git.example.com/team/app@refs/heads/main',
            digest: { gitCommit: 'c'.repeat(40) },
          },
          { name: 'dockerfile', digest: { sha256: hexOf(dockerfileDigest) } },
          { name: 'context', digest: { sha256: hexOf(contextDigest) } },
          { name: 'context:a', digest: { sha256: hexOf(contextDigest) } },
        ],
      },
      runDetails: {
        builder: { id: 'https://ci.example.com/runner' },
        metadata: {
          invocationId: 'https://ci.example.com/job/7',
          startedOn: '2026-01-02T03:04:05Z',
          finishedOn: '2026-01-02T03:05:05.123Z',
        },
      },
    },
  });
});

test('names the ref that was built, the tag, and the fork of a request', () => {
  const { commit, repository } = input.materials;
  const of = (materials: Input['materials'], run = {}) =>
    provenanceStatement({ ...input, materials, run: { ...input.run, ...run } }).predicate
      .buildDefinition;
  const at = (revision: string) => [
    { name: 'source', uri: `git+${repository}@${revision}`, digest: { gitCommit: commit } },
  ];
  const tagged = of({ commit: commit!, repository: repository!, tag: 'v1' });
  expect(tagged.resolvedDependencies).toEqual(at('refs/tags/v1'));
  expect(tagged.internalParameters).toMatchObject({ tag: 'v1' });
  const ref = 'refs/pull/5/merge';
  const request = of(
    { commit: commit!, repository: repository!, ref },
    { headRepository: 'https://git.example.com/fork/app' },
  );
  expect(request.resolvedDependencies).toEqual(at(ref));
  expect(request.internalParameters).toMatchObject({
    ref,
    headRepository: 'https://git.example.com/fork/app',
  });
  const detached = of({ commit: commit!, repository: repository! });
  expect(detached.resolvedDependencies).toEqual(at(commit!));
});

test('does not have an invalid URI', () => {
  const { buildDefinition, runDetails } = provenanceStatement({
    ...input,
    materials: { commit: 'd'.repeat(40), repository: 'git@git.example.com:team/my app.git' },
    run: { ...input.run, invocation: 'https://ci.example.com/job/my job/7' },
  }).predicate;
  expect(buildDefinition.resolvedDependencies?.[0]?.uri).toBe(
    `git+ssh://git@git.example.com/team/my%20app.git@${'d'.repeat(40)}`,
  );
  expect(runDetails.metadata).not.toHaveProperty('invocationId');
});

test('omits unknown facts, and returns the same bytes for the same declaration', () => {
  const bare: Input = {
    digest,
    instructions: {
      repository: input.instructions.repository,
      context: '.',
      dockerfile: 'Dockerfile',
      args: {},
      secretIds: [],
      platforms: [],
      builder: 'buildah',
      parameters: {},
    },
    materials: {},
    run: { builderId: 'urn:example:laptop', system: 'none' },
  };
  const { predicate } = provenanceStatement(bare);
  expect(predicate.buildDefinition).toEqual({
    buildType: BUILD_TYPE,
    externalParameters: {
      image: 'registry.example.com/team/app',
      context: '.',
      dockerfile: 'Dockerfile',
      builder: 'buildah',
    },
    internalParameters: { system: 'none' },
  });
  expect(predicate.runDetails).toEqual({ builder: { id: 'urn:example:laptop' }, metadata: {} });
  const commitOnly = provenanceStatement({ ...bare, materials: { commit: 'd'.repeat(40) } });
  expect(commitOnly.predicate.buildDefinition.resolvedDependencies).toEqual([
    { name: 'source', digest: { gitCommit: 'd'.repeat(40) } },
  ]);
  const reordered = { ...input.instructions, args: { A: '1', B: '2' } };
  expect(encodeStatement(provenanceStatement({ ...input, instructions: reordered }))).toEqual(
    encodeStatement(provenanceStatement(input)),
  );
});

test.each([
  ['a builder id that is not a URI', { builderId: 'my laptop' }, 'INPUT_INVALID'],
  ['an invalid time', { startedOn: 'yesterday' }, 'INTERNAL'],
  ['a time that does not exist', { finishedOn: '2026-13-45T99:00:00Z' }, 'INTERNAL'],
])('refuses %s', (_, run, code) => {
  expect(() => provenanceStatement({ ...input, run: { ...input.run, ...run } })).toThrow(
    expect.objectContaining({ code }),
  );
});

describe('whether provenance is made', () => {
  test('it is for a build, unless disabled', () => {
    expect(createsProvenance({ build: true })).toBe(true);
    expect(createsProvenance({ build: true, disabled: false, builderId: 'urn:x' })).toBe(true);
    expect(createsProvenance({ build: true, disabled: true })).toBe(false);
  });

  test('is not created for an existing image, and requiring it is an error', () => {
    expect(createsProvenance({ build: false })).toBe(false);
    expect(createsProvenance({ build: false, disabled: true, parameters: {} })).toBe(false);
    for (const [declared, property] of [
      [{ builderId: 'urn:x' }, 'provenance.builderId'],
      [{ parameters: { a: 'b' } }, 'provenance.parameters'],
      [{ disabled: false }, 'provenance.disabled'],
    ] as const) {
      expect(() => createsProvenance({ build: false, ...declared })).toThrow(
        expect.objectContaining({ code: 'INPUT_INVALID', property }),
      );
    }
  });
});

describe('two provenances say the same', () => {
  const predicateWith = (change: Partial<Input['run']>, commit = 'c') =>
    provenanceStatement({
      ...input,
      materials: { ...input.materials, commit: commit.repeat(40) },
      run: { ...input.run, ...change },
    }).predicate;

  test('whenever and by whomever the build was tried', () => {
    const later = predicateWith({
      user: 'bob',
      invocation: 'https://ci.example.com/job/8',
      startedOn: '2027-01-01T00:00:00Z',
      finishedOn: '2027-01-01T00:00:00Z',
    });
    expect(sameProvenance(predicateWith({}), later)).toBe(true);
  });

  test('unless the build differs', () => {
    expect(sameProvenance(predicateWith({}), predicateWith({}, 'd'))).toBe(false);
    expect(sameProvenance(predicateWith({}), predicateWith({ dirty: true }))).toBe(false);
    expect(sameProvenance(predicateWith({}), predicateWith({ builderId: 'urn:x' }))).toBe(false);
    expect(sameProvenance(predicateWith({}), undefined)).toBe(false);
    expect(sameProvenance({ buildDefinition: 1 }, { buildDefinition: 2 })).toBe(false);
  });
});

describe('reading a statement', () => {
  const parse = (value: unknown) => parseStatement(Buffer.from(JSON.stringify(value)));
  const good = provenanceStatement(input);

  test('returns the signed content', () => {
    const statement = parseStatement(encodeStatement(good));
    expect(statement.predicate).toEqual(good.predicate);
    expect(subjectsOf(statement, digest)).toHaveLength(1);
    expect(subjectsOf(statement, contextDigest)).toHaveLength(0);
    expect(parse({ ...good, _type: 'https://in-toto.io/Statement/v0.1' }).subjects).toHaveLength(1);
  });

  test.each([
    ['another type', { ...good, _type: 'https://example.com' }],
    ['no subjects', { ...good, subject: 'x' }],
    ['a subject without digest', { ...good, subject: [{ name: 'x' }] }],
    ['no predicate type', { ...good, predicateType: 7 }],
    ['no object', [good]],
  ])('refuses one with %s', (_, value) => {
    expect(() => parse(value)).toThrow(expect.objectContaining({ code: 'CONTENT_MALFORMED' }));
  });

  test('refuses bytes that two readers may read differently', () => {
    const text = JSON.stringify(good);
    for (const bytes of [
      Buffer.from(text.replace('{"_type"', '{"predicateType":"x","_type"')),
      Buffer.concat([Buffer.from(text.slice(0, -1)), Buffer.from(',"x":"\xff"}', 'latin1')]),
    ]) {
      expect(() => parseStatement(bytes)).toThrow(
        expect.objectContaining({ code: 'CONTENT_MALFORMED' }),
      );
    }
  });
});
