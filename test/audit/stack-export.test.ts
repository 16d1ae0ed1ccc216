import { auditCluster } from '../../src/audit';
import { createRegistryClient, digestOf, OCI_CONFIG, OCI_MANIFEST, pinned } from '../../src/oci';
import { type Properties, Secret } from '../../src/pulumi/plugin/protocol/wire-value';
import {
  openWorkbench,
  PASSWORD,
  type Record,
  type ResourceName,
  type Workbench,
} from '../pulumi/plugin/support/workbench';
import { testHost } from '../sign/support/host';

let bench: Workbench;

beforeAll(async () => void (bench = await openWorkbench()));
afterAll(() => bench.close());

/** A resource in the output of `pulumi stack export`, without secret inputs and outputs. */
function exported(name: ResourceName, { inputs, outputs }: Record) {
  const urn = `urn:pulumi:prod::shop::signed-image:index:${name}::app`;
  const plain = (properties: Properties): Properties =>
    JSON.parse(JSON.stringify(properties)) as Properties;
  const type = `signed-image:index:${name}`;
  return { urn, type, custom: true, inputs: plain(inputs), outputs: plain(outputs) };
}

test('what the resources leave in a state is what an audit reads in it', async () => {
  const client = createRegistryClient({ dockerConfig: 'none' });
  const repository = { registry: bench.registry.host, path: 'team/app' };
  const config = await client.putBlob(
    repository,
    Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux' })),
    OCI_CONFIG,
  );
  const json = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [config] };
  const bytes = Buffer.from(JSON.stringify(json));
  await client.putManifest(repository, digestOf(bytes), bytes, OCI_MANIFEST);
  const image = pinned(repository, digestOf(bytes));

  const sigstore = { rekorUrl: bench.sigstore.rekorUrl, trustedRoot: 'trusted_root.json' };
  const key = { ref: 'cosign.key', password: new Secret(PASSWORD) };
  const signature = await bench.create('ImageSignature', {
    image,
    key,
    sigstore,
    transparency: 'private',
    // What its build would have reported, for the provenance.
    build: { builder: 'auto', context: 'app', dockerfile: 'app/Dockerfile' },
  });
  const verified = await bench.create('VerifiedImage', {
    image,
    keys: [bench.publicKey],
    transparency: 'log',
    provenance: {},
    sigstore,
  });
  const resources = [exported('ImageSignature', signature), exported('VerifiedImage', verified)];
  const container = { namespace: 'shop', pod: 'web', container: 'app', kind: 'container' } as const;
  const report = await auditCluster(
    {
      policy: { keys: [bench.publicKey], sigstore: { trustedRoot: sigstore.trustedRoot } },
      stackState: JSON.stringify({ version: 3, deployment: { resources } }),
    },
    {
      host: testHost({ readFile: bench.environment.host.readFile }),
      client,
      source: {
        server: 'https://cluster.example.com',
        containers: async () => [{ ...container, image, imageId: image, waits: false }],
      },
    },
  );
  await client.close();
  expect(report.notRunning).toEqual([]);
  expect(report.images).toMatchObject([
    {
      image,
      status: 'match',
      resource: 'app',
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      logEntries: [{ inState: true }],
    },
  ]);
});
