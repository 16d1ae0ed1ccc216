import { setTimeout as sleep } from 'node:timers/promises';

import * as pulumi from '@pulumi/pulumi';

import {
  AdmissionPolicy,
  FluxVerification,
  KyvernoClusterPolicy,
  KyvernoPolicy,
  PolicyControllerPolicy,
} from '../../../src/enforce/admission';
import { ARGS, IDENTITY, KEY, KEYLESS, problemsOf, publicPem } from './support/policies';

interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

const registered: Registered[] = [];

/** All that a component registered below it. */
async function objectsOf(
  count: number,
  declare: () => pulumi.ComponentResource,
): Promise<readonly Registered[]> {
  registered.length = 0;
  declare();
  const objects = () => registered.filter(({ type }) => type.startsWith('kubernetes:'));
  // The children wait for one another.
  while (objects().length < count) await sleep(5);
  await sleep(20);
  return objects();
}

describe('policies as resources', () => {
  let said: jest.SpyInstance;

  beforeAll(async () => {
    await pulumi.runtime.setMocks({
      call: () => ({}),
      newResource: ({ type, name, inputs }) => {
        registered.push({ type, name, inputs: inputs as Record<string, unknown> });
        return { id: `${name}-id`, state: inputs as Record<string, unknown> };
      },
    });
  });
  beforeEach(() => {
    said = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
  });
  afterEach(() => said.mockRestore());

  it('are a Kyverno policy with keys that are known late', async () => {
    const late = pulumi.output(Promise.resolve(KEY));
    const objects = await objectsOf(
      2,
      () => new KyvernoPolicy('images', { images: ARGS.images, keys: [late] }),
    );
    expect(objects).toMatchObject([
      {
        type: 'kubernetes:policies.kyverno.io/v1:ImageValidatingPolicy',
        name: 'images-images-ImageValidatingPolicy',
        inputs: {
          metadata: { name: 'images' },
          spec: { attestors: [{ cosign: { key: { data: KEY } } }] },
        },
      },
      { name: 'images-images-ephemeral-ImageValidatingPolicy' },
    ]);
  });

  it('have the configured names', async () => {
    const objects = await objectsOf(
      1,
      () => new KyvernoClusterPolicy('images', { ...ARGS, name: 'acme-images' }),
    );
    expect(objects).toMatchObject([
      {
        type: 'kubernetes:kyverno.io/v1:ClusterPolicy',
        inputs: { metadata: { name: 'acme-images' } },
      },
    ]);
  });

  it('are all objects of policy-controller', async () => {
    const objects = await objectsOf(
      2,
      () => new PolicyControllerPolicy('images', { ...KEYLESS, provenance: {} }),
    );
    expect(objects.map(({ name }) => name)).toEqual([
      'images-acme-ClusterImagePolicy',
      'images-acme-provenance-ClusterImagePolicy',
    ]);
  });

  it('are what Flux needs, and `verify` for objects of your own', async () => {
    const images = ['registry.example.com/acme/deploy'];
    let verify;
    const objects = await objectsOf(2, () => {
      const component = new FluxVerification('deploy', { ...ARGS, images, keys: [publicPem()] });
      verify = component.verify;
      return component;
    });
    expect(verify).toEqual({ provider: 'cosign', secretRef: { name: 'acme-keys' } });
    expect(objects).toMatchObject([
      {
        type: 'kubernetes:core/v1:Secret',
        inputs: { data: { value: { 'key-1.pub': expect.any(String) } } },
      },
      {
        type: 'kubernetes:source.toolkit.fluxcd.io/v1:OCIRepository',
        inputs: { spec: { verify } },
      },
    ]);
  });

  it('are the verified digests of a stack', async () => {
    const image = `registry.example.com/acme/app@sha256:${'1a'.repeat(32)}`;
    const objects = await objectsOf(
      10,
      () => new AdmissionPolicy('digests', { images: [pulumi.output(image)] }),
    );
    expect(objects).toHaveLength(10);
    expect(objects[0]!.name).toBe('digests-digests-pods-policy');
    expect(JSON.stringify(objects[0]!.inputs)).toContain(image);
  });

  it('warn of what they do not check', async () => {
    await objectsOf(
      1,
      () => new KyvernoClusterPolicy('images', { ...ARGS, annotations: { a: 'b' } }),
    );
    const lines = said.mock.calls.flat().map(String);
    expect(lines).toContainEqual(expect.stringContaining('annotations are not checked'));
  });

  it('are refused at once, although keys are known late', () => {
    const keys = pulumi.output(Promise.resolve([KEY]));
    const identities = [{ ...IDENTITY, issuer: '' }];
    expect(
      problemsOf(() => new KyvernoPolicy('images', { images: ['*'], keys, identities })),
    ).toEqual([
      expect.stringMatching(/^images\[0\]/),
      expect.stringMatching(/^identities\[0\]\.issuer/),
    ]);
  });
});
