import { setTimeout as sleep } from 'node:timers/promises';

import { type Cluster, installPublishedSchemas, startCluster } from '../../../dev/cluster';
import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import {
  fluxVerification,
  kyvernoClusterPolicy,
  kyvernoPolicy,
  type Manifest,
  policyControllerPolicy,
  type PolicyManifests,
  type SignerPolicyArgs,
} from '../../../src/enforce/admission';
import { ARGS, IDENTITY, KEYLESS } from '../admission/support/policies';

const PLURALS: Readonly<Record<string, string>> = {
  ImageValidatingPolicy: 'imagevalidatingpolicies',
  ClusterPolicy: 'clusterpolicies',
  ClusterImagePolicy: 'clusterimagepolicies',
  TrustRoot: 'trustroots',
  OCIRepository: 'ocirepositories',
  Secret: 'secrets',
};

const ENGINES: readonly (readonly [string, (args: SignerPolicyArgs) => PolicyManifests, string])[] =
  [
    ['Kyverno ImageValidatingPolicy', kyvernoPolicy, 'bundle'],
    ['Kyverno ClusterPolicy', kyvernoClusterPolicy, 'bundle'],
    ['Kyverno ClusterPolicy, legacy', kyvernoClusterPolicy, 'legacy'],
    ['policy-controller', policyControllerPolicy, 'both'],
    [
      'Flux',
      (args) => fluxVerification({ ...args, images: ['registry.example.com/acme/deploy'] }),
      'bundle',
    ],
  ];

const FURTHER = { annotations: { commit: '0123' }, provenance: { builderId: 'https://b.example' } };

describe('the schemas that the policy engines publish, on a real API server', () => {
  let cluster: Cluster;
  let sigstore: RunningSigstore;

  /** Whether the API server would take it: every member known, of its type, and all rules met. */
  const apply = async (manifest: Manifest) => {
    const { apiVersion, kind, metadata } = manifest;
    const api = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
    const namespace = metadata.namespace === undefined ? '' : `/namespaces/default`;
    const path = `${api}${namespace}/${PLURALS[kind]}?dryRun=All&fieldValidation=Strict`;
    const inDefault = namespace === '' ? {} : { namespace: 'default' };
    const object = { ...manifest, metadata: { ...metadata, ...inDefault } };
    const { status, body } = await cluster.request('POST', path, object);
    return { status, message: (body as { message?: string }).message };
  };

  beforeAll(async () => {
    [cluster, sigstore] = await Promise.all([startCluster(), startSigstore()]);
    await installPublishedSchemas(cluster);
    // A new kind is served somewhat after it was established.
    const [probe] = fluxVerification({ ...ARGS, images: ['example.com/a'] }).manifests.slice(-1);
    for (let tries = 0; tries < 60 && (await apply(probe!)).status === 404; tries += 1)
      await sleep(500);
  }, 180_000);
  afterAll(() => Promise.all([cluster.stop(), sigstore.close()]));

  const own = () => ({ trustedRoot: JSON.stringify(sigstore.trustedRoot) });
  const variants: readonly (readonly [string, () => SignerPolicyArgs])[] = [
    ['a key', () => ARGS],
    ['a key, all that can be asked', () => ({ ...ARGS, ...FURTHER, transparency: 'log' })],
    ['an identity', () => KEYLESS],
    ['an identity of an own instance', () => ({ ...KEYLESS, ...FURTHER, ...own() })],
    [
      'patterns',
      () => ({
        ...KEYLESS,
        identities: [{ identityPattern: 'https://a\\.example/.+', issuer: IDENTITY.issuer }],
      }),
    ],
  ];

  describe.each(ENGINES)('take the objects of %s', (_engine, generate, format) => {
    test.each(variants)('for %s', async (_name, args) => {
      for (const manifest of generate({ ...args(), format }).manifests) {
        expect(await apply(manifest)).toEqual({ status: 201, message: undefined });
      }
    });
  });

  test('take the TUF repository of a private instance in a Kyverno ImageValidatingPolicy', async () => {
    const root = JSON.stringify({ signed: { _type: 'root' }, signatures: [] });
    const tuf = { mirror: 'https://tuf.example.com', root };
    for (const args of [
      { ...KEYLESS, ...own() },
      { ...ARGS, transparency: 'log' },
    ]) {
      for (const manifest of kyvernoPolicy({ ...args, tuf }).manifests) {
        expect(await apply(manifest)).toEqual({ status: 201, message: undefined });
      }
    }
  });

  test('refuse what is misspelt or of another type', async () => {
    const misspelt = (manifest: Manifest | undefined, change: object): Manifest => ({
      ...manifest!,
      spec: { ...(manifest!['spec'] as object), ...change },
    });
    const objects = [
      misspelt(kyvernoPolicy(ARGS).manifests[0], { failurePolicies: 'Fail' }),
      misspelt(kyvernoPolicy(ARGS).manifests[0], { validationActions: ['Refuse'] }),
      misspelt(kyvernoClusterPolicy(ARGS).manifests[0], { rule: [] }),
      misspelt(policyControllerPolicy(KEYLESS).manifests[0], { images: [{ glob: 1 }] }),
      misspelt(fluxVerification({ ...ARGS, images: ['example.com/a'] }).manifests.at(-1), {
        verify: { provider: 'nobody' },
      }),
    ];
    for (const object of objects) expect((await apply(object)).status).toBeGreaterThanOrEqual(400);
  });
});
