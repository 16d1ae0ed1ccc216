import type { SerializedBundle } from '@sigstore/bundle';

import { digestOf, type Digest, OCI_MANIFEST, type Repository } from '../../src/oci';
import { encodeBundleManifest } from '../../src/storage';
import { signImage, type StoredSignature } from '../../src/sign';
import { inspectImage, type VerificationPolicy, verifyImage } from '../../src/verify';
import {
  codeOf,
  COMMIT,
  freshRepository,
  IDENTITY,
  type Lab,
  keyless,
  newKey,
  openLab,
  policy,
  pushImage,
  target,
  type WitnessChoice,
} from './support/lab';
import { blobAt, legacyTagOf, type Manifest, manifestAt, replaceTag } from './support/stored';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

/** JSON of a bundle, to be altered. */
interface Loose {
  [name: string]: Loose;
}
type Alter = (bundle: Loose) => void;

interface Signed {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly policy: VerificationPolicy;
  readonly signature: StoredSignature;
}

async function sign(kind: 'key' | 'keyless', format: 'bundle' | 'legacy'): Promise<Signed> {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  const choice: WitnessChoice = { log: true, timestamp: true };
  const key = newKey(lab, choice);
  const material = kind === 'key' ? key.material : keyless(lab, IDENTITY, choice);
  const { provenance: _, ...rest } = target(repository, image);
  const [signature] = await signImage(
    { repository, targets: [{ ...rest, provenance: undefined }], format, material },
    lab.client,
  );
  if (!signature) throw new Error('nothing was signed');
  const identities = [{ identity: IDENTITY, issuer: lab.sigstore.issuer.url }];
  return {
    repository,
    digest: image.digest,
    signature,
    policy: policy({
      ...(kind === 'key' ? { keys: [key.publicKey] } : { identities }),
      format,
      transparency: 'log',
      trustedRoot: lab.trustedRoot,
      annotations: { commit: COMMIT },
    }),
  };
}

/** Replaces all stored bundles by another one. */
async function replaceBundle(
  { repository }: Signed,
  subject: Digest,
  bundle: unknown,
): Promise<void> {
  for (const { digest } of await lab.client.referrers(repository, subject)) {
    lab.registry.store.deleteManifest(repository.path, digest);
  }
  const stored = await lab.client.resolve(repository, subject);
  if (!stored) throw new Error('the image is gone');
  const json = Buffer.from(JSON.stringify(bundle));
  const layer = await lab.client.putBlob(
    repository,
    json,
    'application/vnd.dev.sigstore.bundle.v0.3+json',
  );
  const config = await lab.client.putBlob(
    repository,
    Buffer.from('{}'),
    'application/vnd.oci.empty.v1+json',
  );
  const manifest = encodeBundleManifest({
    subject: stored,
    config,
    bundle: layer,
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    created: new Date(0),
  });
  await lab.client.putReferrer(repository, stored, manifest, OCI_MANIFEST);
}

function flipped(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  return bytes.toString('base64');
}

function alterPayload(bundle: Loose, change: (statement: Loose) => void): void {
  const envelope = bundle['dsseEnvelope'] as unknown as { payload: string };
  const statement = JSON.parse(Buffer.from(envelope.payload, 'base64').toString('utf8')) as Loose;
  change(statement);
  envelope.payload = Buffer.from(JSON.stringify(statement)).toString('base64');
}

function entryOf(bundle: Loose): Record<string, unknown> {
  const entry = bundle['verificationMaterial']?.['tlogEntries']?.['0'];
  return entry as unknown as Record<string, unknown>;
}

const ALTERATIONS: Readonly<Record<string, Alter>> = {
  'the digest in the payload': (bundle) =>
    alterPayload(bundle, (statement) => {
      const subject = statement['subject']?.['0'] as unknown as { digest: { sha256: string } };
      subject.digest.sha256 = '0'.repeat(64);
    }),
  'an annotation in the payload': (bundle) =>
    alterPayload(bundle, (statement) => {
      const subject = statement['subject']?.['0'] as unknown as {
        annotations: Record<string, string>;
      };
      subject.annotations['branch'] = 'evil';
    }),
  'the predicate type': (bundle) =>
    alterPayload(bundle, (statement) => {
      (statement as unknown as { predicateType: string }).predicateType =
        'https://slsa.dev/provenance/v1';
    }),
  'the payload type': (bundle) => {
    (bundle['dsseEnvelope'] as unknown as { payloadType: string }).payloadType = 'text/plain';
  },
  'the signature': (bundle) => {
    const [signature] = (bundle['dsseEnvelope'] as unknown as { signatures: { sig: string }[] })
      .signatures;
    if (signature) signature.sig = flipped(signature.sig);
  },
  'a second signature': (bundle) => {
    const { signatures } = bundle['dsseEnvelope'] as unknown as { signatures: object[] };
    signatures.push({ ...signatures[0] });
  },
  'the time in the log entry': (bundle) => {
    const entry = entryOf(bundle);
    entry['integratedTime'] = String(Number(entry['integratedTime']) + 1);
  },
  'the index in the log entry': (bundle) => {
    entryOf(bundle)['logIndex'] = '12345';
  },
  'the body of the log entry': (bundle) => {
    const entry = entryOf(bundle);
    const body = Buffer.from(String(entry['canonicalizedBody']), 'base64').toString('utf8');
    entry['canonicalizedBody'] = Buffer.from(`${body} `).toString('base64');
  },
  'the log': (bundle) => {
    const id = entryOf(bundle)['logId'] as { keyId: string };
    id.keyId = flipped(id.keyId);
  },
  'the root hash under the checkpoint': (bundle) => {
    const proof = entryOf(bundle)['inclusionProof'] as { checkpoint: { envelope: string } };
    proof.checkpoint.envelope = proof.checkpoint.envelope.replace(/\n\d+\n/, '\n99999\n');
  },
  'the timestamp': (bundle) => {
    const stamps = bundle['verificationMaterial']?.['timestampVerificationData']?.[
      'rfc3161Timestamps'
    ] as unknown as { signedTimestamp: string }[];
    if (stamps[0]) stamps[0].signedTimestamp = flipped(stamps[0].signedTimestamp);
  },
  'no log entry at all': (bundle) => {
    (bundle['verificationMaterial'] as unknown as { tlogEntries: object[] }).tlogEntries = [];
  },
  'an older bundle version': (bundle) => {
    (bundle as unknown as { mediaType: string }).mediaType =
      'application/vnd.dev.sigstore.bundle+json;version=0.1';
  },
};

describe.each(['key', 'keyless'] as const)('a bundle signed with %s', (kind) => {
  let signed: Signed;
  beforeAll(async () => {
    signed = await sign(kind, 'bundle');
  });

  test('is accepted as it was stored, and so is a copy of it', async () => {
    const again = await sign(kind, 'bundle');
    await replaceBundle(again, again.digest, again.signature.bundle);
    await expect(
      verifyImage(again.repository, again.digest, again.policy, lab.client),
    ).resolves.toMatchObject({ verified: true });
  });

  test.each(Object.keys(ALTERATIONS))('is refused after a change of: %s', async (what) => {
    const bundle = structuredClone(signed.signature.bundle) as unknown as Loose;
    ALTERATIONS[what]?.(bundle);
    const { repository } = signed;
    await replaceBundle(signed, signed.digest, bundle);
    const report = await inspectImage(repository, signed.digest, signed.policy, lab.client);
    expect(report.verified).toBe(false);
    expect(report.imageRef).toBeUndefined();
    expect(report.manifests[0]?.parts[0]?.status).not.toBe('present');
    expect(report.annotations).toEqual({});
    expect(await codeOf(verifyImage(repository, signed.digest, signed.policy, lab.client))).toMatch(
      /^VERIFY_(SIGNATURE_INVALID|LOG_MISSING|UNSIGNED|SIGNER_MISMATCH)$/,
    );
  });

  test('is refused for another image', async () => {
    const other = await pushImage(lab, signed.repository);
    await replaceBundle(signed, other.digest, signed.signature.bundle);
    await expect(
      verifyImage(signed.repository, other.digest, signed.policy, lab.client),
    ).rejects.toMatchObject({
      code: 'VERIFY_SIGNATURE_INVALID',
      message: expect.stringContaining('another image'),
    });
  });
});

test('the certificate of another signer instead of the right one is refused', async () => {
  const signed = await sign('keyless', 'bundle');
  const other = await sign('keyless', 'bundle');
  const bundle = structuredClone(signed.signature.bundle) as SerializedBundle;
  const { certificate } = other.signature.bundle.verificationMaterial;
  Object.assign(bundle.verificationMaterial, { certificate });
  await replaceBundle(signed, signed.digest, bundle);
  expect(
    await codeOf(verifyImage(signed.repository, signed.digest, signed.policy, lab.client)),
  ).toBe('VERIFY_SIGNATURE_INVALID');
});

describe('the wrong signer is refused', () => {
  let byKey: Signed;
  let byIdentity: Signed;
  beforeAll(async () => {
    byKey = await sign('key', 'bundle');
    byIdentity = await sign('keyless', 'bundle');
  });

  test.each([
    ['a longer identity', { identity: `${IDENTITY}-evil` }],
    ['a pattern that would match', { identity: IDENTITY.replace('release', '.*') }],
    ['a part of the identity', { identity: IDENTITY.slice(0, -3) }],
    ['another issuer', { issuer: 'https://issuer.example.com' }],
  ])('%s', async (_, change) => {
    const signed = byIdentity;
    const issuer = lab.sigstore.issuer.url;
    const identities = [{ identity: IDENTITY, issuer, ...change }];
    const required = { ...signed.policy, identities };
    await expect(
      verifyImage(signed.repository, signed.digest, required, lab.client),
    ).rejects.toMatchObject({
      code: 'VERIFY_SIGNER_MISMATCH',
      message: expect.stringContaining(IDENTITY),
    });
  });

  test('another key', async () => {
    const signed = byKey;
    const { publicKey } = newKey(lab);
    const required = { ...signed.policy, keys: [publicKey] };
    await expect(
      verifyImage(signed.repository, signed.digest, required, lab.client),
    ).rejects.toMatchObject({
      code: 'VERIFY_SIGNER_MISMATCH',
      message: expect.stringContaining(`key sha256:${signed.policy.keys[0]?.keyId}`),
    });
  });

  test('a key where only identities are trusted, and an identity where only keys are', async () => {
    const { keys } = byKey.policy;
    const { identities } = byIdentity.policy;
    for (const [signed, trust] of [
      [byKey, { keys: [], identities }],
      [byIdentity, { keys, identities: [] }],
    ] as const) {
      const required = { ...signed.policy, ...trust };
      expect(
        await codeOf(verifyImage(signed.repository, signed.digest, required, lab.client)),
      ).toBe('VERIFY_SIGNER_MISMATCH');
    }
  });
});

describe('a legacy signature', () => {
  const SIGNATURE = 'dev.cosignproject.cosign/signature';
  const BUNDLE = 'dev.sigstore.cosign/bundle';

  type Layer = Manifest['layers'][number];
  type Change = (layer: Layer, payload: Buffer) => { layer?: Partial<Layer>; payload?: Buffer };

  const annotated = (layer: Layer, change: Record<string, string | undefined>) => ({
    layer: { annotations: { ...layer.annotations, ...change } as Record<string, string> },
  });

  const CHANGES: Readonly<Record<string, Change>> = {
    'the payload': (_, payload) => ({
      payload: Buffer.from(payload.toString('utf8').replace(COMMIT, '0'.repeat(40))),
    }),
    'white space in the payload': (_, payload) => ({
      payload: Buffer.from(` ${payload.toString('utf8')}`),
    }),
    'a name twice in the payload': (_, payload) => ({
      payload: Buffer.from(
        payload.toString('utf8').replace('{"critical"', '{"x":1,"x":2,"critical"'),
      ),
    }),
    'the signature': (layer) =>
      annotated(layer, { [SIGNATURE]: flipped(layer.annotations?.[SIGNATURE] ?? '') }),
    'no signature': (layer) => annotated(layer, { [SIGNATURE]: undefined }),
    'the time in the log entry': (layer) =>
      annotated(layer, {
        [BUNDLE]: (layer.annotations?.[BUNDLE] ?? '').replace(
          /"integratedTime":(\d+)/,
          (_, time) => `"integratedTime":${Number(time) + 1}`,
        ),
      }),
    'no log entry': (layer) => annotated(layer, { [BUNDLE]: undefined }),
    'a log entry that is not JSON': (layer) => annotated(layer, { [BUNDLE]: '{' }),
  };

  describe.each(['key', 'keyless'] as const)('by %s', (kind) => {
    let signed: Signed;
    let manifest: Manifest;
    beforeAll(async () => {
      signed = await sign(kind, 'legacy');
      manifest = manifestAt(lab, signed.repository, legacyTagOf(signed.digest, 'sig'));
    });

    test.each(Object.keys(CHANGES))('is refused after a change of: %s', async (what) => {
      const { repository, digest } = signed;
      const tag = legacyTagOf(digest, 'sig');
      const [layer] = manifest.layers;
      if (!layer) throw new Error('no layer');
      const payload = blobAt(lab, repository, layer.digest);
      const changed = CHANGES[what]?.(layer, payload) ?? {};
      const stored = changed.payload ?? payload;
      lab.registry.store.putBlob(repository.path, stored);
      const layers = [
        { ...layer, ...changed.layer, digest: digestOf(stored), size: stored.length },
      ];
      replaceTag(lab, repository, tag, { ...manifest, layers });
      await expect(
        verifyImage(repository, digest, signed.policy, lab.client),
      ).rejects.toMatchObject({
        code: expect.stringMatching(/^VERIFY_(SIGNATURE_INVALID|LOG_MISSING)$/),
      });
    });

    test('is refused for another image', async () => {
      const other = await pushImage(lab, signed.repository);
      replaceTag(lab, signed.repository, legacyTagOf(other.digest, 'sig'), manifest);
      await expect(
        verifyImage(signed.repository, other.digest, signed.policy, lab.client),
      ).rejects.toMatchObject({ message: expect.stringContaining('another image') });
    });
  });
});

describe('the image itself', () => {
  test('is refused when the registry returns other bytes under its digest', async () => {
    const signed = await sign('key', 'bundle');
    lab.registry.store.putManifest(
      signed.repository.path,
      { mediaType: OCI_MANIFEST, bytes: Buffer.from('{"schemaVersion":2}') },
      { digest: signed.digest },
    );
    expect(
      await codeOf(verifyImage(signed.repository, signed.digest, signed.policy, lab.client)),
    ).toBe('CONTENT_MISMATCH');
  });

  test('is refused when it does not exist', async () => {
    const signed = await sign('key', 'bundle');
    const nowhere = digestOf(Buffer.from('nowhere'));
    expect(await codeOf(verifyImage(signed.repository, nowhere, signed.policy, lab.client))).toBe(
      'REGISTRY_NOT_FOUND',
    );
  });
});
