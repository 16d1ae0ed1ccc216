import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { attestImage, inspectSignatures, type RequirementArgs, signImage } from '../../src/core';
import { processHost } from '../../src/host/host';

const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const PROVENANCE = 'https://slsa.dev/provenance/v1';

function pemPair(): { readonly key: string; readonly publicKey: string } {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    key: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

const [ours, other] = [pemPair(), pemPair()];
const host = { ...processHost(), env: { KEY: ours.key, OTHER: other.key } };

let registry: RunningRegistry;
beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());

function descriptor(bytes: Buffer, mediaType: string, repository: string) {
  return { mediaType, digest: registry.store.putBlob(repository, bytes), size: bytes.length };
}

function putManifest(repository: string, json: object, mediaType: string) {
  const bytes = Buffer.from(JSON.stringify(json));
  const digest = registry.store.putManifest(repository, { mediaType, bytes });
  return { mediaType, digest, size: bytes.length };
}

/** As BuildKit stores provenance: a manifest of the platform `unknown/unknown` with statements as layers. */
function putBuildkitProvenance(
  repository: string,
  platform: string,
  subject: string,
  builder: string,
) {
  const statement = Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v0.1',
      subject: [{ name: 'pkg:docker/app@v1', digest: { sha256: subject.replace('sha256:', '') } }],
      predicateType: PROVENANCE,
      predicate: {
        buildDefinition: { buildType: 'https://example.com/buildkit', externalParameters: {} },
        runDetails: { builder: { id: builder } },
      },
    }),
  );
  const manifest = putManifest(
    repository,
    {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: descriptor(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json', repository),
      layers: [
        {
          ...descriptor(statement, 'application/vnd.in-toto+json', repository),
          annotations: { 'in-toto.io/predicate-type': PROVENANCE },
        },
      ],
    },
    MANIFEST,
  );
  return {
    ...manifest,
    annotations: {
      'vnd.docker.reference.type': 'attestation-manifest',
      'vnd.docker.reference.digest': platform,
    },
    platform: { os: 'unknown', architecture: 'unknown' },
  };
}

interface Built {
  readonly repository: string;
  readonly image: string;
  readonly platforms: readonly string[];
  readonly attestations: readonly string[];
}

/** An index with two platforms, each with provenance of BuildKit about `subjects`. */
function build(repository: string, subjects?: readonly string[]): Built {
  const platforms = ['amd64', 'arm64'].map((architecture) => {
    const digest = storeImage(registry, `${repository}-${architecture}`);
    const bytes = registry.store.getManifest(`${repository}-${architecture}`, digest)?.bytes;
    if (!bytes) throw new Error('the image was stored');
    registry.store.putManifest(repository, { mediaType: MANIFEST, bytes });
    const platform = { os: 'linux', architecture };
    return { mediaType: MANIFEST, digest: String(digest), size: bytes.length, platform };
  });
  const attestations = platforms.map(({ digest }, index) =>
    putBuildkitProvenance(repository, digest, subjects?.[index] ?? digest, 'https://example.com/b'),
  );
  const index = putManifest(
    repository,
    { schemaVersion: 2, mediaType: INDEX, manifests: [...platforms, ...attestations] },
    INDEX,
  );
  return {
    repository: `${registry.host}/${repository}`,
    image: `${registry.host}/${repository}@${index.digest}`,
    platforms: platforms.map(({ digest }) => digest),
    attestations: attestations.map(({ digest }) => String(digest)),
  };
}

const required: RequirementArgs = {
  predicateType: 'slsaprovenance1',
  keys: [ours.publicKey],
  condition: "predicate.runDetails.builder.id == 'https://example.com/b'",
};
const sign = (image: string, key = 'KEY') =>
  signImage({ image, key: { ref: `env://${key}` } }, { host });
const inspect = (image: string, requirement = required) =>
  inspectSignatures({ image, require: [requirement] }, { host });

describe('signed attestation manifests of BuildKit', () => {
  it('prove the provenance of each platform', async () => {
    const { repository, image, platforms, attestations } = build('signed');
    for (const each of attestations) await sign(`${repository}@${each}`);
    const { verified, report } = await inspect(image);
    expect(verified).toBe(true);
    expect(report.requirements?.[0]?.evidence.map(({ subject }) => subject)).toEqual(platforms);
    expect(report.provenance).toMatchObject({ runDetails: {} });
  });

  it('prove nothing unsigned, or with one platform unsigned', async () => {
    const { repository, image, attestations } = build('unsigned');
    expect((await inspect(image)).unmet).toEqual([
      expect.stringContaining('[VERIFY_ATTESTATION_MISSING]'),
    ]);
    await sign(`${repository}@${attestations[0] ?? ''}`);
    const { verified, unmet } = await inspect(image);
    expect(verified).toBe(false);
    expect(unmet).toEqual([expect.stringMatching(/linux\/arm64: no attestation/)]);
  });

  it('are not accepted of another signer', async () => {
    const { repository, image, attestations } = build('stranger');
    for (const each of attestations) await sign(`${repository}@${each}`, 'OTHER');
    expect((await inspect(image)).unmet).toEqual([
      expect.stringContaining('[VERIFY_SIGNER_MISMATCH]'),
    ]);
  });

  it('are not accepted about another manifest, although the index assigns them to the platform', async () => {
    const wrong = `sha256:${'2'.repeat(64)}`;
    const { repository, image, attestations } = build('wrong-subject', [wrong, wrong]);
    for (const each of attestations) await sign(`${repository}@${each}`);
    const { verified, unmet } = await inspect(image);
    expect(verified).toBe(false);
    expect(unmet).toEqual([expect.stringMatching(/about another image/)]);
  });

  it('are compared with the condition', async () => {
    const { repository, image, attestations } = build('condition');
    for (const each of attestations) await sign(`${repository}@${each}`);
    const strict = {
      ...required,
      condition: "predicate.runDetails.builder.id == 'https://example.com/c'",
    };
    expect((await inspect(image, strict)).unmet).toEqual([
      expect.stringMatching(/linux\/amd64: it does not meet the condition.*VERIFY_CONDITION_UNMET/),
    ]);
  });
});

describe('an index', () => {
  it('is covered by an attestation of its own digest, or by one of each platform', async () => {
    const attest = (image: string) =>
      attestImage(
        {
          image,
          key: { ref: 'env://KEY' },
          predicateType: 'https://example.com/test',
          predicate: { ok: true },
        },
        { host },
      );
    const tested = { predicateType: 'https://example.com/test', keys: [ours.publicKey] };
    const own = build('own');
    await attest(own.image);
    expect(await inspect(own.image, tested)).toMatchObject({ verified: true });
    const each = build('each');
    await attest(`${each.repository}@${each.platforms[0] ?? ''}`);
    expect(await inspect(each.image, tested)).toMatchObject({ verified: false });
    await attest(`${each.repository}@${each.platforms[1] ?? ''}`);
    expect(await inspect(each.image, tested)).toMatchObject({ verified: true });
  });
});
