import { bundleFromJSON } from '@sigstore/bundle';

import { type Repository } from '../../src/oci';
import {
  type SigningDependencies,
  signImage,
  type SigningMaterial,
  type StoredSignature,
} from '../../src/sign';
import { writeBundle } from '../../src/storage';
import { createSignatureFinder, verifyImage } from '../../src/verify';
import {
  freshRepository,
  IDENTITY,
  type Lab,
  keyless,
  newKey,
  openLab,
  policy,
  provenanceOf,
  pushImage,
  target,
} from '../verify/support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());
afterEach(() => {
  lab.registry.settings.faults = undefined;
});

/** Finds existing signatures, as the plugin does. */
function finding(witnessed: boolean): SigningDependencies {
  return {
    alreadySigned: createSignatureFinder({
      transparency: witnessed ? 'log' : 'none',
      trustedRoot: witnessed ? lab.trustedRoot : undefined,
    }),
  };
}

/** The writes to the registry or to the log since the last call. */
function writes(): readonly string[] {
  const made = lab.registry.requests
    .filter(({ method }) => method !== 'GET' && method !== 'HEAD')
    .map(({ method, path }) => `${method} ${path}`);
  lab.registry.clearRequests();
  return made;
}

async function scene() {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  const targets = [target(repository, image)];
  return { repository, image, targets };
}

describe.each([
  ['key', () => newKey(lab).material, false],
  ['key with log', () => newKey(lab, { log: true }).material, true],
  ['keyless', () => keyless(lab), true],
] as const)('signed by %s', (_, materialOf, witnessed) => {
  test('a second run writes nothing and returns what is stored', async () => {
    const { repository, targets } = await scene();
    const material: SigningMaterial = materialOf();
    const request = { repository, targets, format: 'both' as const, material };
    const dependencies = finding(witnessed);
    const first = await signImage(request, lab.client, undefined, dependencies);
    writes();
    const entries = lab.sigstore.log.entries.length;
    const progress: string[] = [];
    const second = await signImage(
      request,
      lab.client,
      (message) => progress.push(message),
      dependencies,
    );
    expect(first.every(({ made }) => made)).toBe(true);
    expect(second).toEqual(first.map((signature) => ({ ...signature, made: false })));
    expect(writes()).toEqual([]);
    expect(lab.sigstore.log.entries).toHaveLength(entries);
    expect(progress).toHaveLength(4);
    expect(progress.every((message) => message.startsWith('reuse '))).toBe(true);
  });
});

describe('a signature is made again', () => {
  const signedBy = async (
    repository: Repository,
    targets: ReturnType<typeof target>[],
    material: SigningMaterial,
    witnessed = false,
  ) => {
    const lines: string[] = [];
    await signImage(
      { repository, targets, format: 'bundle', material },
      lab.client,
      (message) => lines.push(message.split(' ')[0] ?? ''),
      finding(witnessed),
    );
    return lines;
  };

  test.each([
    ['an annotation more', { commit: 'a', branch: 'main' }],
    ['an annotation less', {}],
    ['another value', { commit: 'b' }],
  ])('with %s', async (_, annotations) => {
    const { repository, image } = await scene();
    const { material } = newKey(lab);
    const signed = (pairs: Record<string, string>) => [target(repository, image, pairs)];
    await signedBy(repository, signed({ commit: 'a' }), material);
    expect(await signedBy(repository, signed(annotations), material)).toEqual(['sign:', 'reuse']);
    expect(await signedBy(repository, signed({ commit: 'a' }), material)).toEqual([
      'reuse',
      'reuse',
    ]);
  });

  test('by another key, and the first one stays', async () => {
    const { repository, image, targets } = await scene();
    const theirs = newKey(lab);
    const ours = newKey(lab);
    await signedBy(repository, targets, theirs.material);
    expect(await signedBy(repository, targets, ours.material)).toEqual(['sign:', 'sign:']);
    for (const { publicKey } of [theirs, ours]) {
      await expect(
        verifyImage(repository, image.digest, policy({ keys: [publicKey] }), lab.client),
      ).resolves.toMatchObject({ signer: { keyId: publicKey.keyId } });
    }
  });

  test('by another identity', async () => {
    const { repository, targets } = await scene();
    await signedBy(repository, targets, keyless(lab, `${IDENTITY}-other`), true);
    expect(await signedBy(repository, targets, keyless(lab), true)).toEqual(['sign:', 'sign:']);
  });

  test('in the log, if it is not in one yet', async () => {
    const { repository, targets } = await scene();
    const { material } = newKey(lab);
    await signedBy(repository, targets, material);
    const { witnesses } = newKey(lab, { log: true }).material;
    const logged = { ...material, witnesses };
    expect(await signedBy(repository, targets, logged, true)).toEqual(['sign:', 'sign:']);
  });

  test('when the provenance is of another commit, and not when only the run differs', async () => {
    const { repository, image, targets } = await scene();
    const { material } = newKey(lab);
    await signedBy(repository, targets, material);
    const withProvenance = (provenance: ReturnType<typeof provenanceOf>) =>
      targets.map((one) => ({ ...one, provenance }));
    const later = {
      startedOn: '2027-01-01T00:00:00Z',
      finishedOn: '2027-01-01T00:00:01Z',
      invocation: 'https://ci.example.com/runs/2',
      user: 'another user',
    };
    const sameBuild = provenanceOf(repository, image.digest, later);
    expect(await signedBy(repository, withProvenance(sameBuild), material)).toEqual([
      'reuse',
      'reuse',
    ]);
    const otherCommit = provenanceOf(repository, image.digest, later, 'f'.repeat(40));
    expect(await signedBy(repository, withProvenance(otherCommit), material)).toEqual([
      'reuse',
      'sign:',
    ]);
  });
});

test('a run that was stopped is finished by the next, with no second signature', async () => {
  const { repository, image, targets } = await scene();
  const { material, publicKey } = newKey(lab, { log: true });
  const request = { repository, targets, format: 'both' as const, material };
  const before = lab.sigstore.log.entries.length;
  // The registry fails when the provenance goes into its second format.
  lab.registry.settings.faults = ({ method, path }) =>
    method === 'PUT' && path.endsWith('.att') ? { status: 403 } : undefined;
  const events: string[] = [];
  const observer = {
    writing: ({ purpose, format }: StoredSignature) => events.push(`writing ${purpose} ${format}`),
    settled: ({ purpose, format }: StoredSignature) => events.push(`settled ${purpose} ${format}`),
  };
  await expect(
    signImage(request, lab.client, undefined, { ...finding(true), observer }),
  ).rejects.toMatchObject({ code: 'REGISTRY_FORBIDDEN' });
  // Writes that were begun and failed are reported as well: they may be in the registry.
  expect(events).toEqual([
    'writing signature bundle',
    'settled signature bundle',
    'writing signature legacy',
    'settled signature legacy',
    'writing provenance bundle',
    'settled provenance bundle',
    'writing provenance legacy',
  ]);
  expect(lab.sigstore.log.entries.length - before).toBe(3);
  lab.registry.settings.faults = undefined;
  const progress: string[] = [];
  await signImage(request, lab.client, (message) => progress.push(message), finding(true));
  expect(progress.map((message) => message.split(' ')[0])).toEqual([
    'reuse',
    'reuse',
    'reuse',
    'sign:',
  ]);
  // The envelope that was stored as a bundle went into the tag too.
  expect(lab.sigstore.log.entries.length - before).toBe(3);
  await expect(
    verifyImage(
      repository,
      image.digest,
      policy({
        keys: [publicKey],
        format: 'both',
        transparency: 'log',
        trustedRoot: lab.trustedRoot,
        provenance: {},
      }),
      lab.client,
    ),
  ).resolves.toMatchObject({ verified: true });
});

test('nothing is signed while existing signatures cannot be read', async () => {
  const { repository, targets } = await scene();
  const { material } = newKey(lab);
  await signImage({ repository, targets, format: 'bundle', material }, lab.client);
  writes();
  lab.registry.settings.faults = ({ method, path }) =>
    method === 'GET' && path.includes('/blobs/') ? { status: 403 } : undefined;
  const again = signImage(
    { repository, targets, format: 'bundle', material },
    lab.client,
    undefined,
    finding(false),
  );
  await expect(again).rejects.toMatchObject({ code: 'REGISTRY_UNAVAILABLE' });
  expect(writes()).toEqual([]);
});

test('repeated writes of the same bundle result in the same referrer', async () => {
  const { repository, image } = await scene();
  const { material } = newKey(lab, { log: true });
  const targets = [{ ...target(repository, image), provenance: undefined }];
  const [stored] = await signImage({ repository, targets, format: 'bundle', material }, lab.client);
  const again = await writeBundle(lab.client, {
    repository,
    subject: image,
    bundle: bundleFromJSON(stored?.bundle),
    predicateType: 'https://sigstore.dev/cosign/sign/v1',
    signedAt: new Date(0),
  });
  expect(again.digest).toBe(stored?.stored);
  expect(await lab.client.referrers(repository, image.digest)).toHaveLength(1);
});

test('an entry without a signed time cannot be stored in the legacy format, which is reported', async () => {
  const { repository, targets } = await scene();
  const { material } = newKey(lab, { log: true });
  lab.sigstore.settings.rekor.promise = false;
  try {
    await expect(
      signImage({ repository, targets, format: 'legacy', material }, lab.client),
    ).rejects.toMatchObject({ code: 'INPUT_INVALID', property: 'format' });
  } finally {
    lab.sigstore.settings.rekor.promise = true;
  }
});

test('a signer that fails without saying why becomes an error of ours', async () => {
  const { repository, targets } = await scene();
  const { material } = newKey(lab);
  const signer = { sign: () => Promise.reject(new Error('the device is gone')) };
  await expect(
    signImage(
      { repository, targets, format: 'bundle', material: { ...material, signer } },
      lab.client,
    ),
  ).rejects.toMatchObject({ code: 'KEY_SIGNING_FAILED' });
});

describe('the provenance is logged at the same time as the signature', () => {
  /** Whose `testify` is called with each envelope. */
  const witnessed = (
    testify: SigningMaterial['witnesses'][number]['testify'],
  ): SigningMaterial => ({
    ...newKey(lab).material,
    witnesses: [{ kind: 'log', testify }],
  });

  test('in parallel', async () => {
    const { repository, targets } = await scene();
    let bothAsked: () => void = () => undefined;
    const both = new Promise<void>((resolve) => (bothAsked = resolve));
    let requests = 0;
    const material = witnessed(async () => {
      requests += 1;
      if (requests === 2) bothAsked();
      await both;
      return {};
    });
    const stored = await signImage({ repository, targets, format: 'bundle', material }, lab.client);
    expect(stored.map(({ purpose }) => purpose)).toEqual(['signature', 'provenance']);
  });

  test('and if only its log fails, the signature is stored and the error is reported', async () => {
    const { repository, image, targets } = await scene();
    const material = witnessed(async (content) => {
      const payload = content.$case === 'dsseEnvelope' ? content.dsseEnvelope.payload : '';
      if (payload.includes('slsa.dev/provenance')) throw new Error('the log is full');
      return {};
    });
    const signing = signImage({ repository, targets, format: 'bundle', material }, lab.client);
    await expect(signing).rejects.toMatchObject({ code: 'KEY_SIGNING_FAILED' });
    expect(await lab.client.referrers(repository, image.digest)).toHaveLength(1);
  });
});
