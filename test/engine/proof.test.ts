import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { enginesUnderTest } from '../../dev/engine/under-test';
import { run } from '../cli/support';
import { type PushedImage, pushImage, pushIndex } from '../interop/support/images';
import { type Declared, deedsOf, openStage, SCENARIO, secret, type Stage } from './support/stage';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';
/** How much the state may grow by the proof of a keyless image with one manifest and its provenance. */
const MAX_PROOF_CHARACTERS = 40_000;

type Proofs = Readonly<Record<string, { readonly proof?: string | null }>>;

/** Extracts an archive with the system's tar, as a user does. */
function extract(archive: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  execFileSync('tar', ['-xzf', '-', '-C', folder], { input: Buffer.from(archive, 'base64') });
  return folder;
}

describe.each(enginesUnderTest())('the proof of an image, on the $engine engine', (kind) => {
  let stage: Stage;
  let byKey: PushedImage;
  let declared: Declared;
  let verify: (proof: string, name: string, ...more: readonly string[]) => ReturnType<typeof run>;

  beforeAll(async () => {
    stage = await openStage();
    const { registry, sigstore, key } = stage;
    const { fulcioUrl, rekorUrl, tsaUrl } = sigstore;
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    stage.write('../root.json', trustedRoot);
    const index = await pushIndex(registry.host);
    byKey = await pushImage(registry.host);
    const byIdentity = await pushImage(registry.host);
    const signer = { ref: key.ref, password: secret(key.password) };
    const root = { fulcioUrl, rekorUrl, tsaUrl, trustedRoot };
    const proven = { verify: { exportProof: true } };
    declared = {
      use: 'local',
      proofs: true,
      images: {
        key: { image: byKey.reference, key: signer, format: 'both', ...proven },
        index: { image: index.reference, key: signer, ...proven },
        identity: {
          image: byIdentity.reference,
          keyless: { tokenFile: stage.newToken('job', { subject: IDENTITY }).path },
          sigstore: root,
          ...proven,
        },
        none: { image: (await pushImage(registry.host)).reference, key: signer },
      },
    };
    verify = (proof, name, ...more) => {
      const folder = extract(proof, join(stage.stateDir, name));
      return run(['verify', '--offline', folder, ...more], { env: { PUBLIC: key.publicKey } });
    };
  });
  afterAll(() => stage.close());

  it(
    'is verified offline, is not in the state of the component, and stays the same until the next verification',
    async () => {
      stage.declare(declared);
      const stack = stage.stack(kind);
      expect((await stack.up()).errors).toEqual([]);
      const proofs = (await stack.outputs()) as Proofs;
      const byPublicKey = ['--key', 'env://PUBLIC'];
      const identity = ['--identity', IDENTITY, '--issuer', stage.sigstore.issuer.url];
      const root = ['--trusted-root', join(stage.projectDir, '../root.json')];
      for (const [name, signer] of [
        ['key', byPublicKey],
        ['index', byPublicKey],
        ['identity', [...identity, ...root]],
      ] as const) {
        const proof = proofs[name]?.proof ?? '';
        expect(proof.length).toBeLessThan(MAX_PROOF_CHARACTERS);
        const found = await verify(proof, `${kind.engine}-${name}`, ...signer);
        expect({ name, ...found }).toMatchObject({ name, code: 0 });
        const other = await verify(
          proof,
          `${kind.engine}-${name}`,
          '--identity',
          'a',
          '--issuer',
          'b',
          ...root,
        );
        expect(other.code).toBe(1);
      }
      expect(proofs['none']?.proof ?? null).toBeNull();

      const state = JSON.parse(JSON.stringify(await stack.exportState())) as unknown;
      const text = typeof state === 'string' ? state : JSON.stringify(state);
      // Once in the resource, and once as the output of this stack.
      expect(text.split(proofs['key']?.proof ?? 'none').length - 1).toBe(2);

      expect(deedsOf(await stack.preview())).toEqual([]);
      expect((await stack.refresh()).errors).toEqual([]);
      expect(deedsOf(await stack.up())).toEqual([]);
      expect(await stack.outputs()).toEqual(proofs);
    },
    2 * SCENARIO,
  );

  it(
    'has nothing of another signer, and is the same after another verification of the same signatures',
    async () => {
      const stack = stage.stack(kind);
      const verified = (policy: object): Declared => ({
        use: 'local',
        proofs: true,
        verified: {
          app: {
            image: byKey.reference,
            keys: [stage.key.publicKey],
            exportProof: true,
            ...policy,
          },
        },
      });
      stage.declare(verified({}));
      expect((await stack.up()).errors).toEqual([]);
      const before = ((await stack.outputs()) as Proofs)['app']?.proof ?? '';
      const other = await stage.newKey('other', 'canary-another-password');
      stage.declare({
        use: 'local',
        images: {
          other: {
            image: byKey.reference,
            key: { ref: other.ref, password: secret(other.password) },
          },
        },
      });
      expect((await stage.stack(kind).up()).errors).toEqual([]);
      stage.declare(verified({ triggers: ['again'] }));
      expect(deedsOf(await stack.up())).toEqual(['update app']);
      expect(((await stack.outputs()) as Proofs)['app']?.proof).toBe(before);
      const folder = extract(before, join(stage.stateDir, `${kind.engine}-other`));
      expect(readdirSync(join(folder, 'keys'))).toHaveLength(1);

      stage.declare(verified({ triggers: ['again'], exportProof: false }));
      expect(deedsOf(await stack.up())).toEqual(['update app']);
      expect(((await stack.outputs()) as Proofs)['app']?.proof ?? null).toBeNull();
    },
    2 * SCENARIO,
  );

  it(
    'is an output of the component in other languages, and has no time of its own',
    async () => {
      const { key } = declared.images ?? {};
      stage.declare({ ...declared, use: 'remote', images: { key } });
      const stack = stage.stack(kind);
      expect((await stack.up()).errors).toEqual([]);
      const { proof } = ((await stack.outputs()) as Proofs)['key'] ?? {};
      const tar = gunzipSync(Buffer.from(proof ?? '', 'base64'));
      writeFileSync(join(stage.stateDir, 'remote.tar'), tar);
      expect(tar.toString('latin1')).not.toContain('exportedAt');
      expect(
        (await verify(proof ?? '', `${kind.engine}-remote`, '--key', 'env://PUBLIC')).code,
      ).toBe(0);
    },
    2 * SCENARIO,
  );
});
