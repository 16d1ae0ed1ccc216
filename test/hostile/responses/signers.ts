import { keyless, newKey } from '../../verify/support/lab';
import type { HostileResponse } from '../support/hostile-response';
import type { Loose, Scene } from '../support/scene';

const INVALID = 'VERIFY_SIGNATURE_INVALID';

interface Entry {
  logIndex: string;
  integratedTime: string;
  canonicalizedBody: string;
  kindVersion: { kind: string };
  logId: { keyId: string };
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: {
    treeSize: string;
    rootHash: string;
    logIndex: string;
    hashes: string[];
    checkpoint: { envelope: string };
  };
}

interface Material {
  certificate: { rawBytes: string };
  tlogEntries: Entry[];
}

const material = (change: (material: Material) => unknown) => (scene: Scene) =>
  scene.alterBundleJson((bundle) => change(bundle['verificationMaterial'] as unknown as Material));

const entry = (change: (entry: Entry) => unknown) =>
  material(({ tlogEntries: [first] }) => first && change(first));

const proof = (change: (proof: NonNullable<Entry['inclusionProof']>) => unknown) =>
  entry(({ inclusionProof }) => inclusionProof && change(inclusionProof));

function flipped(base64: string, at = -1): string {
  const bytes = Buffer.from(base64, 'base64');
  const place = at < 0 ? bytes.length + at : at;
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  return bytes.toString('base64');
}

/** Another signer's bundle of the same image, as a source of parts. */
async function foreign(scene: Scene): Promise<Material> {
  const other = 'https://ci.example.com/stranger';
  const made = await scene.sign(
    [scene.image],
    scene.policy.keys.length > 0
      ? newKey(scene.lab, { log: true }).material
      : keyless(scene.lab, other),
  );
  for (const { stored } of made) scene.store.deleteManifest(scene.path, stored);
  return made[0]?.bundle.verificationMaterial as unknown as Material;
}

/** Signs again with an incorrect Sigstore instance, and removes the valid signature. */
const instead = (wrong: (scene: Scene) => void) => async (scene: Scene) => {
  for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
  wrong(scene);
  await scene.sign([scene.image]);
};

/** Invalid log entries, for any signer. */
const ENTRIES: Readonly<
  Record<string, readonly [(scene: Scene) => unknown, HostileResponse['expect']]>
> = {
  'no log entry': [material((one) => (one.tlogEntries = [])), 'VERIFY_LOG_MISSING'],
  'a log entry without its proof': [
    entry((one) => Reflect.deleteProperty(one, 'inclusionProof')),
    INVALID,
  ],
  'the body of the log entry changed': [
    entry((one) => (one.canonicalizedBody = flipped(one.canonicalizedBody, 30))),
    INVALID,
  ],
  'the time of the log entry changed': [
    entry((one) => (one.integratedTime = String(Number(one.integratedTime) - 60))),
    INVALID,
  ],
  'a time that is not a number': [entry((one) => (one.integratedTime = '1e999')), INVALID],
  'an index that overflows': [entry((one) => (one.logIndex = '9'.repeat(40))), INVALID],
  'a log of another key': [entry((one) => (one.logId.keyId = flipped(one.logId.keyId))), INVALID],
  'another kind of entry': [entry((one) => (one.kindVersion.kind = '__proto__')), INVALID],
  'a checkpoint of another tree size': [
    proof(({ checkpoint }) => {
      checkpoint.envelope = checkpoint.envelope.replace(/\n\d+\n/, '\n99999\n');
    }),
    INVALID,
  ],
  'an unsigned checkpoint': [
    proof(({ checkpoint }) => {
      checkpoint.envelope = checkpoint.envelope.slice(0, checkpoint.envelope.indexOf('\n\n') + 2);
    }),
    INVALID,
  ],
  'a proof with another root': [proof((one) => (one.rootHash = flipped(one.rootHash))), INVALID],
  'a proof with an additional hash': [
    proof(({ hashes }) => hashes.push(Buffer.alloc(32).toString('base64'))),
    INVALID,
  ],
  'a proof with a hundred thousand hashes': [
    proof((one) => {
      one.hashes = new Array<string>(100_000).fill(Buffer.alloc(32).toString('base64'));
    }),
    INVALID,
  ],
  'the log entry of another signature': [
    async (scene) => {
      const { tlogEntries } = await foreign(scene);
      material((one) => (one.tlogEntries = tlogEntries))(scene);
    },
    INVALID,
  ],
  'a valid log entry and one of another signature': [
    async (scene) => {
      const { tlogEntries } = await foreign(scene);
      material((one) => one.tlogEntries.push(...tlogEntries))(scene);
    },
    INVALID,
  ],
  'the same log entry a thousand times': [
    material((one) => {
      const [first] = one.tlogEntries;
      if (first) one.tlogEntries = new Array<Entry>(1000).fill(first);
    }),
    INVALID,
  ],
};

const logged = (signer: 'logged key' | 'keyless') =>
  Object.entries(ENTRIES).map(([name, [inject, expect]]): HostileResponse => ({
    name: `${signer}: ${name}`,
    signer,
    inject,
    expect,
  }));

export const SIGNER_CASES: readonly HostileResponse[] = [
  ...logged('logged key'),
  ...logged('keyless'),
  {
    name: 'a removed signed entry timestamp, without another signed time',
    signer: 'keyless',
    inject: entry((one) => Reflect.deleteProperty(one, 'inclusionPromise')),
    expect: ['VERIFY_LOG_MISSING', INVALID],
  },
  {
    name: 'an altered integrated time of the log',
    signer: 'keyless',
    inject: entry(({ inclusionPromise: promise }) => {
      if (promise) promise.signedEntryTimestamp = flipped(promise.signedEntryTimestamp);
    }),
    expect: INVALID,
  },
  {
    name: 'the certificate had expired when it signed',
    signer: 'keyless',
    inject: instead(({ lab }) => {
      lab.sigstore.settings.rekor.clockOffset = 7_200_000;
    }),
    expect: INVALID,
  },
  {
    name: 'the certificate was not yet valid when it signed',
    signer: 'keyless',
    inject: instead(({ lab }) => {
      lab.sigstore.settings.rekor.clockOffset = -7_200_000;
    }),
    expect: INVALID,
  },
  {
    name: 'a certificate that is not in a certificate log',
    signer: 'keyless',
    inject: instead(({ lab }) => {
      lab.sigstore.settings.fulcio.sct = false;
    }),
    expect: INVALID,
  },
  {
    name: 'the certificate of another signer',
    signer: 'keyless',
    inject: async (scene) => {
      const { certificate } = await foreign(scene);
      material((one) => (one.certificate = certificate))(scene);
    },
    expect: ['VERIFY_SIGNER_MISMATCH', INVALID],
  },
  {
    name: 'an invalid certificate',
    signer: 'keyless',
    inject: material((one) => (one.certificate = { rawBytes: 'AAAA' })),
    expect: INVALID,
  },
  {
    name: 'bytes after the certificate',
    signer: 'keyless',
    inject: material(({ certificate }) => {
      const der = Buffer.from(certificate.rawBytes, 'base64');
      certificate.rawBytes = Buffer.concat([der, Buffer.from('x')]).toString('base64');
    }),
    expect: INVALID,
  },
  {
    name: 'a signature of another signer instead of ours',
    inject: async (scene) => {
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.untrustedSigner());
    },
    expect: 'VERIFY_SIGNER_MISMATCH',
  },
  {
    name: 'a signature of another signer besides ours',
    inject: (scene) => scene.sign([scene.image], scene.untrustedSigner()),
    expect: 'ignored',
  },
  {
    name: 'the hint of our key on a signature of another signer',
    inject: async (scene) => {
      const [ours = ''] = scene.referrers();
      const hint = (bundle: Loose) => bundle['verificationMaterial'];
      let kept: Loose | undefined;
      scene.alterBundleJson((bundle) => (kept = hint(bundle)));
      scene.store.deleteManifest(scene.path, ours);
      for (const digest of scene.referrers()) scene.store.deleteManifest(scene.path, digest);
      await scene.sign([scene.image], scene.untrustedSigner());
      scene.alterBundleJson((bundle) => Object.assign(bundle, { verificationMaterial: kept }));
    },
    expect: INVALID,
  },
];
