import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import * as pulumi from '@pulumi/pulumi';

import { cacheRepositories } from '../../../src/build/flags';
import type { BuildArgs } from '../../../src/pulumi/component/args';
import {
  PROVIDER_BUILDERS,
  type ProviderBuilder,
} from '../../../src/pulumi/component/provider-builders';
import { SignedImage } from '../../../src/pulumi/component/signed-image';

const made: { readonly type: string; readonly inputs: Readonly<Record<string, unknown>> }[] = [];
const DIGEST = `sha256:${'a'.repeat(64)}`;
const STATE: Readonly<Record<string, object>> = {
  'signed-image:index:SigningPlan': { image: 'host.test/app:v1', repository: 'host.test/app' },
  'signed-image:index:ImageSignature': {
    signer: { kind: 'keyless' },
    signedAnnotations: {},
    signatures: [],
    witnessed: 'log',
  },
  'signed-image:index:VerifiedImage': { digest: DIGEST, imageRef: `host.test/app@${DIGEST}` },
  'docker:index/image:Image': { repoDigest: `host.test/app@${DIGEST}` },
  'docker-build:index:Image': { digest: DIGEST },
};

beforeAll(async () => {
  await pulumi.runtime.setMocks({
    call: () => ({}),
    newResource: ({ type, name, inputs }) => {
      made.push({ type, inputs: inputs as Record<string, unknown> });
      return { id: `${name}-id`, state: { ...(inputs as object), ...STATE[type] } };
    },
  });
});
beforeEach(() => void made.splice(0));

/** A value of each input that can be found again, wherever it is handed to. */
const SAMPLES: Readonly<
  Record<keyof BuildArgs, { readonly value: unknown; readonly shown: string }>
> = {
  context: { value: 'sample-context', shown: 'sample-context' },
  dockerfile: { value: 'sample/Dockerfile', shown: 'sample/Dockerfile' },
  target: { value: 'sample-target', shown: 'sample-target' },
  args: { value: { SAMPLE: 'sample-argument' }, shown: 'sample-argument' },
  secrets: { value: { sample: 'canary-sample-secret-8d1' }, shown: 'canary-sample-secret-8d1' },
  platforms: { value: ['linux/riscv64'], shown: 'linux/riscv64' },
  labels: { value: { sample: 'sample-label' }, shown: 'sample-label' },
  cacheFrom: { value: ['host.test/sample-from'], shown: 'host.test/sample-from' },
  cacheTo: { value: ['type=registry,ref=host.test/sample-to'], shown: 'host.test/sample-to' },
  contexts: { value: { sample: 'sample-folder' }, shown: 'sample-folder' },
  pull: { value: true, shown: '"pull":true' },
  noCache: { value: true, shown: '"noCache":true' },
  network: { value: 'none', shown: '"network":"none"' },
  addHosts: { value: { 'sample.test': '192.0.2.77' }, shown: '192.0.2.77' },
  ssh: { value: ['sample-key=/run/sample'], shown: 'sample-key' },
  sbom: { value: true, shown: 'true' },
  builder: { value: undefined, shown: '' },
  buildxBuilder: { value: 'sample-builder', shown: 'sample-builder' },
  environment: { value: ['SAMPLE_VARIABLE'], shown: 'SAMPLE_VARIABLE' },
};

const inputsInSchema = Object.keys(
  (
    JSON.parse(readFileSync(join(__dirname, '..', '..', '..', 'schema.json'), 'utf8')) as {
      types: Record<string, { properties: object }>;
    }
  ).types['signed-image:index:Build']?.properties ?? {},
);
const CHILD: Readonly<Record<ProviderBuilder, string>> = {
  'pulumi-docker': 'docker:index/image:Image',
  'pulumi-docker-build': 'docker-build:index:Image',
};
const CASES = (Object.keys(CHILD) as ProviderBuilder[]).flatMap((builder) =>
  inputsInSchema
    .filter((name) => name !== 'builder')
    .map((name) => ({ builder, name: name as keyof BuildArgs })),
);

const declare = async (builder: ProviderBuilder, build: object): Promise<void> => {
  const image = new SignedImage('app', {
    image: 'host.test/app:v1',
    build: { ...build, builder },
    keyless: {},
  });
  await new Promise((resolve) => void image.digest.apply(resolve));
};
const inputsOf = (type: string): Readonly<Record<string, unknown>> =>
  made.find((each) => each.type === type)?.inputs ?? {};

describe('an input of `build`', () => {
  it('is in the tables of the provider builders, also after additions to the schema', () => {
    for (const table of Object.values(PROVIDER_BUILDERS)) {
      expect(Object.keys(table).sort()).toEqual([...inputsInSchema].sort());
    }
  });

  it.each(CASES)('$name is handed to $builder, or refused', async ({ builder, name }) => {
    const { value, shown } = SAMPLES[name];
    const handling = PROVIDER_BUILDERS[builder][name];
    if (handling === true) {
      await declare(builder, { [name]: value });
      expect(JSON.stringify(inputsOf(CHILD[builder]))).toContain(shown);
      return;
    }
    expect(
      () =>
        new SignedImage('app', {
          image: 'h.test/a',
          build: { builder, [name]: value },
          keyless: {},
        }),
    ).toThrow(
      expect.objectContaining({
        errors: [
          { propertyPath: `build.${name}`, reason: `${builder} ${handling} [INPUT_INVALID]` },
        ],
      }) as Error,
    );
    expect(made.map(({ type }) => type)).not.toContain(CHILD[builder]);
  });

  it.each(CASES.filter(({ builder, name }) => PROVIDER_BUILDERS[builder][name] === true))(
    '$name is in the provenance of $builder as it was handed over, and a secret is not',
    async ({ builder, name }) => {
      await declare(builder, { [name]: SAMPLES[name].value });
      const summary = JSON.stringify(inputsOf('signed-image:index:ImageSignature')['build']);
      if (name === 'secrets') {
        expect(summary).toContain('"secretIds":["sample"]');
        expect(summary).not.toContain('canary-sample-secret-8d1');
      } else if (!name.startsWith('cache')) {
        expect(summary).toContain(SAMPLES[name].shown);
      }
    },
  );
});

describe('arguments of a builder that is a provider', () => {
  it('are secret one by one: a secret among them hides itself only', async () => {
    const args = { TOKEN: pulumi.secret('canary-provider-argument-2f'), VERSION: '1' };
    await declare('pulumi-docker-build', { args });
    expect(inputsOf('signed-image:index:ImageSignature')['build']).toMatchObject({
      args: { VERSION: '1' },
      secretArgs: ['TOKEN'],
    });
    expect(JSON.stringify(inputsOf('signed-image:index:ImageSignature'))).not.toContain('canary-');
  });

  it('are all secret where the map is an output that holds one', async () => {
    const args = pulumi.output({ A: pulumi.secret('canary-provider-argument-3a'), B: '1' });
    await declare('pulumi-docker-build', { args });
    const summary = inputsOf('signed-image:index:ImageSignature')['build'];
    expect(summary).toMatchObject({ secretArgs: ['A', 'B'] });
    expect(JSON.stringify(summary)).not.toContain('canary-');
  });

  it('are reported if the map is an output without a secret', async () => {
    await declare('pulumi-docker', { args: pulumi.output({ B: '1' }) });
    expect(inputsOf('signed-image:index:ImageSignature')['build']).toMatchObject({
      args: { B: '1' },
    });
  });
});

describe('the cache of pulumi-docker', () => {
  it('is handed over as images, in whichever notation they are declared', async () => {
    expect(cacheRepositories(['type=registry,ref=host.test/cache'])).toEqual(['host.test/cache']);
    await declare('pulumi-docker', {
      cacheFrom: ['type=registry,ref=host.test/cache', 'h.test/b'],
    });
    expect(inputsOf('docker:index/image:Image')).toMatchObject({
      build: { cacheFrom: { images: ['host.test/cache', 'h.test/b'] } },
    });
  });
});
