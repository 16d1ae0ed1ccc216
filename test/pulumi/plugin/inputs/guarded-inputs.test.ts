import { guardInputs, markGuarded } from '../../../../src/pulumi/plugin/inputs/guarded-inputs';
import {
  type Properties,
  Secret,
  UNKNOWN,
} from '../../../../src/pulumi/plugin/protocol/wire-value';
import {
  FUNCTION_INPUTS,
  PROVIDER_INPUTS,
  RESOURCE_INPUTS,
} from '../../../../src/pulumi/secrecy/input-table';
import { UNKNOWN_MEMBERS } from '../../../../src/pulumi/secrecy/unknown-members';

const CANARY = 'canary-guarded-input-5be1';
const guard = (resource: keyof typeof RESOURCE_INPUTS, news: Properties) =>
  guardInputs(RESOURCE_INPUTS[resource], news);
const said = (resource: keyof typeof RESOURCE_INPUTS, news: Properties): readonly string[] =>
  guard(resource, news).problems.map(({ property, message }) => `${property}: ${message}`);

describe('guarded inputs', () => {
  it.each(['SigningPlan', 'ImageBuild', 'ImageSignature', 'VerifiedImage'] as const)(
    'mark the registry password of %s that the program did not mark',
    (resource) => {
      const { inputs, secrets } = guard(resource, {
        registry: { username: 'robot', password: CANARY },
      });
      expect(inputs['registry']).toEqual({ username: 'robot', password: new Secret(CANARY) });
      expect(secrets).toEqual([CANARY]);
    },
  );

  it('mark a key text, a PIN and a key password, and not the path of a key', () => {
    const pem = `-----BEGIN PRIVATE KEY-----\n${CANARY}\n-----END PRIVATE KEY-----\n`;
    const key = (ref: string) => guard('SigningPlan', { key: { ref, password: CANARY } }).inputs;
    expect(key(pem)['key']).toEqual({ ref: new Secret(pem), password: new Secret(CANARY) });
    const pin = `pkcs11:object=k?pin-value=${CANARY}`;
    expect(key(pin)['key']).toMatchObject({ ref: new Secret(pin) });
    expect(key('cosign.key')['key']).toMatchObject({ ref: 'cosign.key' });
  });

  it('keep the mark of what only its own service receives', () => {
    const { inputs, problems } = guard('SigningPlan', {
      registry: new Secret({ username: CANARY, password: CANARY }),
      sigstore: { rekorUrl: new Secret('https://rekor.example.test') },
    });
    expect(problems).toEqual([]);
    expect(inputs['registry']).toEqual({
      username: new Secret(CANARY),
      password: new Secret(CANARY),
    });
  });

  it.each([
    ['annotations', { annotations: { team: new Secret(CANARY) } }, 'annotations.team'],
    ['a whole map', { annotations: new Secret({ team: CANARY }) }, 'annotations'],
    ['the names of a map', { annotations: new Secret({ [CANARY]: 'x' }) }, 'annotations'],
    [
      'the names of a map in an object',
      { build: new Secret({ args: { [CANARY]: 'x' } }) },
      'build.args',
    ],
    ['names with dots', { annotations: { 'a.b': new Secret(CANARY) } }, 'annotations["a.b"]'],
    ['labels', { build: { labels: { l: new Secret(CANARY) } } }, 'build.labels.l'],
    [
      'parameters',
      { provenance: { parameters: { p: new Secret(CANARY) } } },
      'provenance.parameters.p',
    ],
    ['lists', { verify: { keys: ['a', new Secret(CANARY)] } }, 'verify.keys[1]'],
    ['the image', { image: new Secret(`host.test/${CANARY}`) }, 'image'],
    ['what is not known yet', { annotations: new Secret(UNKNOWN) }, 'annotations'],
  ] as const)('refuse a secret in %s, naming the property', (_what, news, property) => {
    const { inputs, problems } = guard('SigningPlan', news);
    expect(problems.map((problem) => problem.property)).toEqual([property]);
    expect(problems[0]?.message).toMatch(/is marked as secret.*`nonsecret`/);
    expect(JSON.stringify([inputs, problems])).not.toContain(CANARY);
  });

  it('accept what `nonsecret` names, by either way to write its path, or as part of an object', () => {
    for (const named of ['annotations.a.b', 'annotations["a.b"]', 'annotations']) {
      const { inputs, problems } = guard('SigningPlan', {
        annotations: { 'a.b': new Secret('x') },
        nonsecret: [named],
      });
      expect(problems).toEqual([]);
      expect(inputs['annotations']).toEqual({ 'a.b': 'x' });
    }
    expect(
      said('SigningPlan', {
        annotations: new Secret({ team: 'x', other: 'y' }),
        nonsecret: ['annotations.team'],
      }),
    ).toEqual([expect.stringMatching(/^annotations: is marked as secret/)]);
  });

  it('refuse a path in `nonsecret` that does not exist, or is always a secret', () => {
    expect(said('SigningPlan', { nonsecret: ['anotations.team', 'registry.password'] })).toEqual([
      'nonsecret[0]: "anotations.team" is not the path of an input',
      'nonsecret[1]: "registry.password" is always a secret',
    ]);
  });

  it('accept unnecessary quotes around a name', () => {
    const build = { args: { TOKEN: new Secret('x') } };
    expect(said('ImageBuild', { build, nonsecret: ['build.args["TOKEN"]'] })).toEqual([]);
    expect(said('ImageBuild', { build, nonsecret: ['build["args"]'] })).toEqual([]);
  });

  it('refuse a name in brackets without quotes, which would allow nothing', () => {
    const annotations = { team: 'x' };
    expect(said('SigningPlan', { annotations, nonsecret: ['annotations[team]'] })).toEqual([
      expect.stringMatching(
        /^nonsecret\[0\]: "annotations\[team\]" is not a path: .*double quotes/,
      ),
    ]);
    expect(said('SigningPlan', { annotations, nonsecret: ['annotations.a[b]'] })).toEqual([]);
  });

  it('name the remedy for an unmarked credential', () => {
    const annotations = { from: 'https://ci:passw0rd@git.example.test/app' };
    expect(said('SigningPlan', { annotations })).toEqual([
      expect.stringMatching(/^annotations\.from: contains a credential.*: remove the credential;/),
    ]);
  });

  it('refuse a secret argument, pointing to build secrets, unless the caller accepts it by name', () => {
    const build = { args: { TOKEN: new Secret(CANARY), VERSION: '1' } };
    expect(said('ImageBuild', { build })).toEqual([
      expect.stringMatching(/^build\.args\.TOKEN: .*image history.*`build\.secrets`/),
    ]);
    const { inputs, problems, secrets } = guard('ImageBuild', {
      build,
      nonsecret: ['build.args.TOKEN'],
    });
    expect(problems).toEqual([]);
    // It stays secret in the state, in logs and in the provenance.
    expect(inputs['build']).toEqual(build);
    expect(secrets).toEqual([CANARY]);
  });

  it('remove the credentials from a repository address, from any client', () => {
    const repository = `https://ci:${CANARY}@git.example.test/app`;
    for (const resource of ['SigningPlan', 'ImageBuild', 'ImageSignature'] as const) {
      const { inputs, problems } = guard(resource, { source: { repository } });
      expect(inputs['source']).toEqual({ repository: 'https://git.example.test/app' });
      expect(problems).toEqual([]);
    }
    const facts = { repository, headRepository: repository };
    expect(guard('ImageSignature', { facts }).inputs['facts']).toEqual({
      repository: 'https://git.example.test/app',
      headRepository: 'https://git.example.test/app',
    });
  });

  it.each([
    ['annotations.from', { annotations: { from: `https://ci:${CANARY}@git.example.test/app` } }],
    ['build.args.URL', { build: { args: { URL: `https://${CANARY}@git.example.test` } } }],
    ['build.cacheTo[0]', { build: { cacheTo: [`type=s3,bucket=b,secret_access_key=${CANARY}`] } }],
    ['source.builder', { source: { builder: `https://u:${CANARY}@ci.example.test/1` } }],
    ['annotations.from', { annotations: { from: `https://ci:it's@${CANARY}@git.example.test` } }],
    ['annotations.from', { annotations: { from: `https:ci:${CANARY}@git.example.test` } }],
    ['build.labels.from', { build: { labels: { from: `https:\\\\${CANARY}@git.example.test/` } } }],
    ['annotations.from', { annotations: { from: `postgres://u:"${CANARY}"@db.example.test/` } }],
  ])('refuse an unmarked credential: %s', (property, news) => {
    const { inputs, problems, secrets } = guard('SigningPlan', news);
    expect(problems).toEqual([
      expect.objectContaining({
        property,
        message: expect.stringMatching(/^contains a credential/) as string,
      }),
    ]);
    expect(JSON.stringify([inputs, problems])).not.toContain(CANARY);
    expect(secrets.join(' ')).toContain(CANARY);
  });

  it('take the user of an ssh address for a part of it', () => {
    expect(
      said('SigningPlan', { annotations: { from: 'ssh://git@git.example.test/app' } }),
    ).toEqual([]);
  });

  it('mark a service address with a password, which stays with its service', () => {
    const rekorUrl = `https://u:${CANARY}@rekor.example.test`;
    const { inputs, problems } = guard('VerifiedImage', { sigstore: { rekorUrl } });
    expect(problems).toEqual([]);
    expect(inputs['sigstore']).toEqual({ rekorUrl: new Secret(rekorUrl) });
  });

  it('refuse a misspelled input, which would be stored unguarded, with the name that was meant', () => {
    const { inputs, problems } = guard('VerifiedImage', {
      registry: { pasword: CANARY, caFile: 'ca.pem' },
      trustedKeys: [{ key: 'a.pub', notbefore: '2026-01-01T00:00:00Z' }],
      anotations: { team: 'x' },
      shape: 'round',
      always: null,
      alwys: null,
    });
    expect(problems.map(({ property, message }) => `${property}: ${message}`)).toEqual([
      'registry.pasword: unknown; did you mean "password"?',
      'trustedKeys[0].notbefore: unknown; did you mean "notBefore"?',
      'anotations: unknown; did you mean "annotations"?',
      `shape: unknown; expected one of ${Object.keys(RESOURCE_INPUTS.VerifiedImage).join(', ')}`,
    ]);
    expect(JSON.stringify([inputs, problems])).not.toContain(CANARY);
    expect(inputs).not.toHaveProperty('alwys');
  });

  it.each([
    ['absent', { ref: 'cosign.key', pasword: CANARY }, UNKNOWN],
    ['null', { ref: 'cosign.key', pasword: CANARY, password: null }, UNKNOWN],
    ['declared', { pasword: CANARY, password: CANARY }, new Secret(CANARY)],
  ])('read as unknown what a misspelled name meant, if that is %s', (_what, key, password) => {
    expect(guard('SigningPlan', { key }).inputs['key']).toMatchObject({ password });
  });

  it('do not repeat a misspelled name that is a part of a secret', () => {
    const expected = [
      'registry: has an unknown member; expected one of username, password, caFile, clientCertificate, clientKey, insecure',
    ];
    expect(said('VerifiedImage', { registry: new Secret({ [CANARY]: 'x' }) })).toEqual(expected);
    const listed = { [UNKNOWN_MEMBERS]: new Secret([CANARY]) };
    expect(said('VerifiedImage', { registry: listed })).toEqual(expected);
  });

  it('refuse each name in the list of unknown members of an output, and no list that is not known yet', () => {
    expect(said('ImageBuild', { build: { [UNKNOWN_MEMBERS]: ['comtext', 'arg'] } })).toEqual([
      'build.comtext: unknown; did you mean "context"?',
      'build.arg: unknown; did you mean "args"?',
    ]);
    expect(said('ImageBuild', { build: { [UNKNOWN_MEMBERS]: UNKNOWN } })).toEqual([]);
    const absent = { build: { context: 'app', [UNKNOWN_MEMBERS]: new Secret(null) } };
    expect(guard('ImageBuild', absent).inputs).toEqual({ build: { context: 'app' } });
  });

  it('accept any name in a map', () => {
    const build = {
      args: { A: '1' },
      secrets: { s: '2' },
      labels: { l: '3' },
      contexts: { c: '.' },
    };
    const addHosts = { 'db.test': '127.0.0.1' };
    expect(
      said('SigningPlan', {
        build: { ...build, addHosts },
        annotations: { anotations: 'x' },
        verify: { annotations: { 'a.b/c': 'x' } },
        provenance: { parameters: { p: 'x' } },
      }),
    ).toEqual([]);
  });

  it('are marked again before they are stored', () => {
    expect(
      markGuarded(RESOURCE_INPUTS.VerifiedImage, { registry: { password: CANARY }, digest: 'd' }),
    ).toEqual({ registry: { password: new Secret(CANARY) }, digest: 'd' });
  });
});

it.each([
  ['a provider', PROVIDER_INPUTS, { annotations: { team: new Secret('web') } }],
  ['a provider', PROVIDER_INPUTS, { trust: { keys: [new Secret('k')] } }],
  [
    'a function',
    FUNCTION_INPUTS.verifyImage,
    { image: 'a/b', annotations: { url: 'https://user:word@host.example.test/' } },
  ],
] as const)(
  'the refusal of a secret input of %s does not name an input that it lacks',
  (_of, members, news) => {
    const [problem, ...others] = guardInputs(members, news).problems;
    expect(others).toEqual([]);
    expect(problem?.message).toMatch(
      /^(?:is marked as secret|contains a credential), and would be/,
    );
    expect(problem?.message).not.toContain('nonsecret');
  },
);
