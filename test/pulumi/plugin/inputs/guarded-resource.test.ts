import type { CrudResource } from '../../../../src/pulumi/plugin/protocol/crud-resource';
import { guardedResource } from '../../../../src/pulumi/plugin/inputs/guarded-resource';
import {
  encodeProperties,
  type Properties,
  Secret,
} from '../../../../src/pulumi/plugin/protocol/wire-value';
import { PACKAGE_VERSION } from '../../../../src/pulumi/package';
import { LIBRARY_VERSION } from '../../../../src/pulumi/version-difference';
import { RESOURCE_INPUTS } from '../../../../src/pulumi/secrecy/input-table';
import { openWorkbench, type Workbench } from '../support/workbench';

const CANARY = 'canary-guarded-resource-90ab';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench();
});
afterAll(() => bench.close());

/** What an engine would store in plain text: all values outside of a secret. */
const plainText = (properties: Properties): string => {
  const wire = JSON.stringify(encodeProperties(properties), (_name, value: unknown) =>
    typeof value === 'object' && value !== null && '4dabf18193072939515e22adb298388d' in value
      ? 'secret'
      : value,
  );
  return wire;
};

describe('a resource with an unmarked secret', () => {
  it('VerifiedImage does not store the registry password in plain text', async () => {
    const { inputs } = await bench.resource('VerifiedImage').check({
      urn: 'urn:pulumi:s::p::signed-image:index:VerifiedImage::v',
      olds: {},
      news: {
        image: `${bench.registry.host}/app@sha256:${'a'.repeat(64)}`,
        keys: [bench.publicKey],
        registry: { username: 'robot', password: CANARY },
      },
      log: bench.log,
    });
    expect(inputs['registry']).toEqual({ username: 'robot', password: new Secret(CANARY) });
    expect(plainText(inputs)).not.toContain(CANARY);
  });

  it('ImageBuild and ImageSignature do not store the credentials of a repository address', async () => {
    const source = { repository: `https://ci:${CANARY}@git.example.test/app` };
    const image = `${bench.registry.host}/team/cleaned:v1`;
    const built = await bench.create('ImageBuild', { image, build: { context: 'app' }, source });
    const digest = String(built.outputs['claimedDigest']);
    const signed = await bench.create('ImageSignature', {
      image: `${bench.registry.host}/team/cleaned@${digest}`,
      key: { ref: 'cosign.key', password: 'canary-workbench-key-password-7Qx' },
      source,
    });
    for (const { inputs, outputs } of [built, signed]) {
      expect(inputs['source']).toEqual({ repository: 'https://git.example.test/app' });
      expect(JSON.stringify([inputs, outputs])).not.toContain(CANARY);
    }
  });

  it('ImageBuild refuses an address of a repository that cannot be cleaned, without repeating it', async () => {
    const problems = await bench.problems('ImageBuild', {
      image: `${bench.registry.host}/team/app`,
      build: { context: 'app' },
      source: { repository: `not a url ${CANARY}` },
    });
    expect(problems).toEqual([expect.stringMatching(/^source\.repository: must be a URL/)]);
    expect(problems.join()).not.toContain(CANARY);
  });

  it('ImageBuild finds the build secrets in a `build` that is secret as a whole', async () => {
    const resource = bench.resource('ImageBuild');
    const { inputs, problems } = await resource.check({
      urn: 'urn:pulumi:s::p::signed-image:index:ImageBuild::whole',
      olds: {},
      news: {
        image: `${bench.registry.host}/team/app`,
        build: new Secret({ context: 'app', secrets: { npm: CANARY } }),
        nonsecret: ['build.context'],
      },
      log: bench.log,
    });
    expect(problems).toEqual([]);
    expect(inputs['build']).toEqual({ context: 'app', secretIds: ['npm'] });
    expect(JSON.stringify(inputs)).not.toContain(CANARY);
  });
});

describe('a value marked as secret that would be published', () => {
  const image = (): string => `${bench.registry.host}/app@sha256:${'a'.repeat(64)}`;

  it.each([
    ['ImageSignature', 'annotations.team', { annotations: { team: new Secret(CANARY) } }],
    [
      'ImageSignature',
      'provenance.parameters.p',
      { provenance: { parameters: { p: new Secret(CANARY) } } },
    ],
    [
      'ImageBuild',
      'build.labels.l',
      { build: { context: 'app', labels: { l: new Secret(CANARY) } } },
    ],
    ['VerifiedImage', 'annotations', { annotations: new Secret({ team: CANARY }) }],
    ['VerifiedImage', 'annotations', { annotations: new Secret({ [CANARY]: 'x' }) }],
    ['SigningPlan', 'source.branch', { source: { branch: new Secret(CANARY) } }],
  ] as const)('%s refuses it before anything is written: %s', async (name, property, declared) => {
    bench.registry.clearRequests();
    const problems = await bench.problems(name, {
      image: name === 'ImageBuild' ? `${bench.registry.host}/app` : image(),
      ...(name === 'VerifiedImage' && { keys: [bench.publicKey] }),
      ...declared,
    });
    expect(problems).toContainEqual(expect.stringMatching(`^${property}: is marked as secret`));
    expect(problems.join()).not.toContain(CANARY);
    expect(JSON.stringify(bench.registry.requests)).not.toContain(CANARY);
    expect(bench.writes()).toEqual([]);
  });
});

describe('a refresh', () => {
  it('marks what an earlier version stored in plain text', async () => {
    const resource = bench.resource('SigningPlan');
    const inputs = { registry: { password: CANARY } };
    const found = await resource.read({ urn: 'urn', id: 'i', inputs, outputs: {}, log: bench.log });
    expect(found?.inputs).toEqual({ registry: { password: new Secret(CANARY) } });
  });
});

describe('a build', () => {
  const problems = (build: object, nonsecret: readonly string[] = []) =>
    bench.problems('ImageBuild', {
      image: `${bench.registry.host}/team/app`,
      build: { context: 'app', ...build },
      nonsecret,
    });

  it('refuses a secret argument that could be given on the command line only, even if it is accepted', async () => {
    const args = { HTTP_PROXY: new Secret(CANARY), VARIABLE: new Secret(CANARY) };
    const said = await problems({ args, environment: ['VARIABLE'] }, ['build.args']);
    expect(said).toEqual([
      expect.stringMatching(/^build\.args\.HTTP_PROXY: .*command line/),
      expect.stringMatching(/^build\.args\.VARIABLE: .*command line/),
    ]);
  });

  it('refuses what is not the name of a variable, and a builder that is another provider', async () => {
    expect(await problems({ environment: ['A=b'] })).toEqual([
      'build.environment[0]: must be the name of an environment variable',
    ]);
    expect(await problems({ builder: 'pulumi-docker' })).toEqual([
      expect.stringMatching(/^build\.builder: "pulumi-docker" builds with a resource of its own/),
    ]);
  });
});

describe('log and errors of a resource', () => {
  /** A resource that repeats all that it is given, as a library may that it calls. */
  const chatty = (): CrudResource => {
    const repeat = (): never => {
      throw new Error(`cannot use ${CANARY}`);
    };
    const outputs = async () => ({ id: 'id', outputs: {} });
    return {
      type: 'chatty',
      check: async ({ news, log }) => {
        log.info(`checks ${CANARY}`);
        const problems = [
          { property: 'image', code: 'INPUT_INVALID' as const, message: `${CANARY} is wrong` },
        ];
        return { inputs: news, problems };
      },
      diff: async ({ log }) => {
        log.warn(CANARY);
        return { changed: [], replaces: [] };
      },
      create: async (request) => {
        request.log.status(`uses ${CANARY}`);
        return request.preview ? outputs() : repeat();
      },
      update: repeat,
      read: repeat,
      delete: repeat,
    };
  };
  const urn = 'urn';
  const inputs: Properties = { registry: { password: new Secret(CANARY) } };

  it('do not repeat a secret input, not even one that `check` took out of the inputs', async () => {
    const lines: string[] = [];
    const say = (line: string): void => void lines.push(line);
    const log = { debug: say, info: say, note: say, warn: say, status: say };
    const resource = guardedResource(chatty(), RESOURCE_INPUTS.ImageBuild);
    const checked = await resource.check({
      urn,
      olds: {},
      news: { image: 'h.test/app', build: { secrets: { npm: CANARY } } },
      log,
    });
    expect(checked.problems).toEqual([
      { property: 'image', code: 'INPUT_INVALID', message: '[redacted] is wrong' },
    ]);
    await resource.create({ urn, inputs: {}, preview: true, log });
    const state = { urn, id: 'id', log, oldInputs: inputs, oldOutputs: {} };
    await resource.diff({ ...state, news: {} });
    const failing = [
      () => resource.create({ urn: 'other', inputs, preview: false, log }),
      () => resource.update({ ...state, inputs: {}, preview: false }),
      () => resource.read({ urn, id: 'id', inputs, outputs: {}, log }),
      () => resource.delete({ urn, id: 'id', inputs, outputs: {}, log }),
    ];
    for (const call of failing) await expect(call()).rejects.toThrow('cannot use [redacted]');
    expect(lines).toHaveLength(4);
    expect(lines.join()).not.toContain(CANARY);
  });
});

describe('a library of another version than the plugin', () => {
  const urn = 'urn:pulumi:s::p::signed-image:index:VerifiedImage::v';
  const checked = async (version: string) => {
    const warnings: string[] = [];
    const warn = (line: string): void => void warnings.push(line);
    const { inputs, problems } = await bench.resource('VerifiedImage').check({
      urn,
      olds: {},
      news: {
        image: `${bench.registry.host}/app@sha256:${'a'.repeat(64)}`,
        keys: [bench.publicKey],
        [LIBRARY_VERSION]: version,
      },
      log: { ...bench.log, warn },
    });
    return { inputs, warnings, problems };
  };
  const [major = '', minor = ''] = PACKAGE_VERSION.split('.');

  it('is logged once with both versions, and not stored', async () => {
    const patched = `${major}.${minor}.99`;
    const { inputs, warnings, problems } = await checked(patched);
    expect(problems).toEqual([]);
    expect(warnings).toEqual([
      expect.stringContaining(
        `pulumi-signed-image ${patched}, and the plugin is version ${PACKAGE_VERSION}`,
      ),
    ]);
    expect(inputs).not.toHaveProperty([LIBRARY_VERSION]);
    expect((await checked(patched)).warnings).toEqual([]);
  });

  it('is an error where the versions are not compatible', async () => {
    const { problems } = await checked(`${major}.${Number(minor) + 1}.0`);
    expect(problems).toEqual([
      {
        property: '',
        code: 'INPUT_INVALID',
        message: expect.stringContaining('not compatible') as string,
      },
    ]);
  });

  it('is not reported for the same version', async () => {
    expect(await checked(PACKAGE_VERSION)).toMatchObject({ warnings: [], problems: [] });
  });
});
