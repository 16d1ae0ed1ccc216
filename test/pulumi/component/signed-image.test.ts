import { inspect } from 'node:util';

import * as pulumi from '@pulumi/pulumi';

import type { SignedImageArgs } from '../../../src/pulumi/component/args';
import { requireProvider } from '../../../src/pulumi/component/image-builder';
import { remoteOutputsOf, SignedImage } from '../../../src/pulumi/component/signed-image';

interface Made {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const made: Made[] = [];
const DIGEST = `sha256:${'a'.repeat(64)}`;

/** What the resources answer, as far as the component reads it. */
const STATE: Record<string, object> = {
  'signed-image:index:SigningPlan': { repository: 'host.test/app', digest: DIGEST },
  'signed-image:index:ImageBuild': {
    claimedDigest: DIGEST,
    facts: { builder: 'https://b.test', system: 'git' },
    summary: { builder: 'auto', context: 'app', dockerfile: 'app/Dockerfile' },
  },
  'signed-image:index:ImageSignature': {
    signer: { kind: 'keyless', identity: 'me@example.test', issuer: 'https://issuer.test' },
    signedAnnotations: { branch: 'main' },
    signatures: [{ stored: 'sha256:2' }, { stored: 'sha256:1' }],
    bundles: ['{}'],
    logEntries: [],
    witnessed: 'log',
    signedProvenance: JSON.stringify({
      buildDefinition: {
        buildType: 'https://t.test',
        externalParameters: { image: 'host.test/app' },
        resolvedDependencies: [{ digest: { sha256: 'x' } }, { digest: { gitCommit: 'c0ffee' } }],
      },
      runDetails: { builder: { id: 'https://b.test' } },
    }),
  },
  'signed-image:index:VerifiedImage': {
    digest: DIGEST,
    imageRef: `host.test/app@${DIGEST}`,
    signer: { kind: 'keyless' },
    signedAnnotations: { branch: 'main' },
    verification: '{}',
  },
  'docker:index/image:Image': { repoDigest: `host.test/app@${DIGEST}` },
  'docker-build:index:Image': { digest: DIGEST },
};

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ type, name, inputs }) => {
      made.push({ type, name, inputs: inputs as Record<string, unknown> });
      return { id: `${name}-id`, state: { ...(inputs as object), ...STATE[type] } };
    },
  });
});
beforeEach(() => {
  made.splice(0);
});

const valueOf = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve) => void output.apply(resolve));
const inputsOf = (type: string): Record<string, unknown> => {
  const found = made.find((each) => each.type.endsWith(type));
  if (!found) throw new Error(`no ${type} was made`);
  return found.inputs;
};
const keyless = {};

describe('SignedImage', () => {
  it('creates plan, build, signature and verification, each with outputs of the one before', async () => {
    const image = new SignedImage('app', {
      image: 'host.test/app',
      build: { context: 'app' },
      keyless,
    });
    expect(await valueOf(image.imageRef)).toBe(`host.test/app@${DIGEST}`);
    expect(await valueOf(image.digest)).toBe(DIGEST);
    expect(made.map(({ name }) => name)).toEqual([
      'app',
      'app-plan',
      'app-build',
      'app-signature',
      'app-verified',
    ]);
    expect(inputsOf(':ImageSignature')).toMatchObject({
      image: `host.test/app@${DIGEST}`,
      facts: { builder: 'https://b.test' },
      build: { context: 'app' },
    });
    expect(inputsOf(':VerifiedImage')).toMatchObject({
      image: `host.test/app@${DIGEST}`,
      keys: [],
      identities: [{ identity: 'me@example.test', issuer: 'https://issuer.test' }],
      annotations: { branch: 'main' },
      format: 'bundle',
      transparency: 'log',
      triggers: ['sha256:1', 'sha256:2'],
      provenance: {
        builderId: 'https://b.test',
        buildType: 'https://t.test',
        commit: 'c0ffee',
        externalParameters: '{"image":"host.test/app"}',
      },
    });
  });

  it('does not write its arguments to the state of the component itself', async () => {
    const secret = 'canary-component-password-55';
    const image = new SignedImage('app', {
      image: 'host.test/app',
      key: { ref: 'cosign.key', password: secret },
      registry: { username: 'u', password: secret },
      build: { secrets: { npm: secret } },
    });
    await valueOf(image.digest);
    expect(made.find(({ name }) => name === 'app')?.inputs).toEqual({});
    expect(inputsOf(':SigningPlan')['build']).toEqual({});
  });

  it('does not show an input instead of a missing output', async () => {
    const image = new SignedImage('app', { image: 'host.test/app', keyless });
    expect(await valueOf(image.provenance)).toBeUndefined();
    expect(
      await valueOf(remoteOutputsOf(image)['provenance'] as pulumi.Output<unknown>),
    ).toBeNull();
  });

  it('takes an existing image from the plan', async () => {
    const image = new SignedImage('app', { image: 'host.test/app:v1', keyless });
    await valueOf(image.digest);
    expect(made.some(({ type }) => type.endsWith(':ImageBuild'))).toBe(false);
    expect(inputsOf(':ImageSignature')['image']).toBe(`host.test/app@${DIGEST}`);
  });

  it('adds trusted keys and required annotations', async () => {
    const verify = {
      keys: ['other.pub'],
      identities: [{ identity: 'b', issuer: 'c' }],
      annotations: { reviewed: 'yes' },
      always: true,
    };
    const image = new SignedImage('app', {
      image: 'host.test/app',
      keyless,
      verify,
      format: 'both',
    });
    await valueOf(image.digest);
    expect(inputsOf(':VerifiedImage')).toMatchObject({
      keys: ['other.pub'],
      identities: [{ identity: 'me@example.test' }, { identity: 'b', issuer: 'c' }],
      annotations: { branch: 'main', reviewed: 'yes' },
      always: true,
      format: 'both',
    });
    expect(inputsOf(':ImageSignature')).toMatchObject({ always: true, format: 'both' });
  });

  it('leaves a `nonsecret` that is not a list of texts to the plan, which refuses it by name', async () => {
    const nonsecret = 'annotations' as unknown as string[];
    const image = new SignedImage('app', { image: 'host.test/app', keyless, nonsecret });
    await valueOf(image.digest);
    expect(inputsOf(':SigningPlan')).toMatchObject({ nonsecret: 'annotations' });
    expect(inputsOf(':ImageSignature')).toMatchObject({ nonsecret: [] });
  });

  it('reports an output as a whole once, and not for each of its members', () => {
    const build = pulumi.secret({ context: 'app' }) as unknown as { context: string };
    expect(() => new SignedImage('app', { image: 'host.test/app', build, keyless })).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ propertyPath: 'build' })] }),
    );
  });

  it('reports misspelt members of any object beside its own errors, without their values', () => {
    const hidden = 'canary-value-of-a-misspelt-member';
    const args = {
      image: 'host.test/app',
      build: { builder: 'pulumi-docker', sbom: true, lables: { a: hidden } },
      keyless: pulumi.output({}),
      verify: { anotations: { team: hidden }, identities: [{ identity: 'a', isuer: hidden }] },
      annotations: { anything: 'x' },
      'sou rce': hidden,
      verfy: undefined,
    };
    let thrown: unknown;
    try {
      new SignedImage('app', args as unknown as SignedImageArgs);
    } catch (error) {
      thrown = error;
    }
    const { errors } = thrown as pulumi.InputPropertiesError;
    expect(errors?.map(({ propertyPath }) => propertyPath)).toEqual([
      'keyless',
      'build.sbom',
      '["sou rce"]',
      'build.lables',
      'verify.anotations',
      'verify.identities[0].isuer',
    ]);
    expect(errors).toContainEqual({
      propertyPath: 'verify.identities[0].isuer',
      reason: 'unknown; did you mean "issuer"? [INPUT_INVALID]',
    });
    expect(errors?.every(({ reason }) => reason.endsWith(' [INPUT_INVALID]'))).toBe(true);
    expect(inspect(thrown, { depth: 9 })).not.toContain(hidden);
  });

  it('passes misspelt members on to the plan, which reports them with everything else', async () => {
    const args = { image: 'host.test/app', keyless, verfy: {}, verify: { anotations: {} } };
    const image = new SignedImage('app', args as SignedImageArgs);
    await valueOf(image.digest);
    expect(inputsOf(':SigningPlan')).toMatchObject({ verfy: {}, verify: { anotations: {} } });
  });

  it('refuses an object that is an output as a whole, because its members are unknown', async () => {
    const hidden = pulumi.output({ context: 'app' }) as unknown as { context: string };
    expect(
      () => new SignedImage('app', { image: 'host.test/app', build: hidden, keyless }),
    ).toThrow(/invalid arguments/);
    const builder = pulumi.output('buildx') as unknown as 'buildx';
    expect(
      () => new SignedImage('app', { image: 'host.test/app', build: { builder }, keyless }),
    ).toThrow(/invalid arguments/);
  });

  it('refuses a promise as it refuses an output: what its provider drops would not be noticed', () => {
    const builder = 'pulumi-docker' as const;
    const build = { context: 'app', builder, secrets: { token: 'canary-build' } };
    const late = <T>(value: T) => Promise.resolve(value) as unknown as T;
    const declare = (args: Partial<SignedImageArgs>) => () =>
      new SignedImage('app', { image: 'host.test/app', ...args });
    expect(declare({ build: late(build), keyless })).toThrow(/invalid arguments/);
    expect(declare({ build: { builder: late('pulumi-docker') }, keyless })).toThrow(
      /invalid arguments/,
    );
    expect(declare({ key: late({ ref: 'cosign.key' }) })).toThrow(/invalid arguments/);
  });
});

describe('the builders that are providers', () => {
  const build = {
    context: 'app',
    dockerfile: 'app/Dockerfile.prod',
    target: 'run',
    args: { VERSION: '1' },
    cacheFrom: ['host.test/cache'],
  };
  const registry = { username: 'user', password: 'canary-registry-password-81' };

  it('pulumi-docker builds with a docker.Image and takes its repoDigest', async () => {
    const image = new SignedImage('app', {
      image: 'host.test/app:v1',
      build: { ...build, builder: 'pulumi-docker', platforms: ['linux/arm64'] },
      keyless,
      registry,
    });
    await valueOf(image.digest);
    expect(inputsOf('docker:index/image:Image')).toMatchObject({
      imageName: 'host.test/app:v1',
      build: {
        context: 'app',
        dockerfile: 'app/Dockerfile.prod',
        target: 'run',
        args: { VERSION: '1' },
        platform: 'linux/arm64',
        cacheFrom: { images: ['host.test/cache'] },
      },
      registry: { value: { server: 'host.test', username: 'user' } },
    });
    expect(inputsOf(':ImageSignature')).toMatchObject({
      image: `host.test/app@${DIGEST}`,
      build: {
        builder: 'pulumi-docker',
        dockerfile: 'app/Dockerfile.prod',
        args: { VERSION: '1' },
      },
    });
  });

  it('pulumi-docker-build pushes with a docker-build.Image, never deletes, and builds in no preview', async () => {
    const image = new SignedImage('app', {
      image: 'host.test/app:v1',
      build: {
        ...build,
        builder: 'pulumi-docker-build',
        platforms: ['linux/amd64', 'linux/arm64'],
        labels: { a: 'b' },
        cacheTo: ['type=inline'],
        buildxBuilder: 'remote',
        secrets: { npm: 'canary-docker-build-secret-31' },
        args: { TOKEN: pulumi.secret('canary-docker-build-argument-32') },
      },
      keyless,
      registry,
    });
    await valueOf(image.digest);
    expect(inputsOf('docker-build:index:Image')).toMatchObject({
      tags: ['host.test/app:v1'],
      push: true,
      buildOnPreview: false,
      platforms: ['linux/amd64', 'linux/arm64'],
      builder: { name: 'remote' },
      labels: { a: 'b' },
      cacheFrom: [{ raw: 'host.test/cache' }],
      cacheTo: [{ raw: 'type=inline' }],
      registries: { value: [{ address: 'host.test', username: 'user' }] },
    });
    const summary = inputsOf(':ImageSignature')['build'];
    expect(summary).toMatchObject({ secretArgs: ['TOKEN'], secretIds: ['npm'] });
    expect(JSON.stringify(summary)).not.toMatch(/docker-build-(secret|argument)/);
  });

  it('names the package to install if the provider is missing', async () => {
    expect(() => requireProvider('@pulumi/not-there', 'pulumi-not-there')).toThrow(
      expect.objectContaining({
        propertyPath: 'build.builder',
        reason: expect.stringContaining('npm install @pulumi/not-there') as string,
      }) as Error,
    );
  });
});
