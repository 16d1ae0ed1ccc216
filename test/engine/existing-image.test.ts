import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { sha256 } from '../../dev/registry';
import { type PushedImage, pushImage, pushIndex } from '../interop/support/images';
import { bundlesOf } from './support/registry-content';
import {
  deedsOf,
  imageOutputs,
  openStage,
  saidBy,
  SCENARIO,
  secret,
  type Stage,
  type StageKey,
} from './support/stage';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

const pathOf = ({ repository }: { readonly repository: string }): string =>
  repository.slice(repository.indexOf('/') + 1);

describe.each(enginesUnderTest())('an image that exists already, on the $engine engine', (kind) => {
  let stage: Stage;
  let signing: EngineUnderTest;
  let otherSigner: StageKey;
  const image = {} as Record<'app' | 'identity' | 'foreign' | 'index' | 'unsigned', PushedImage>;

  const rootOf = (): { readonly trustedRoot: string } => ({
    trustedRoot: JSON.stringify(stage.sigstore.trustedRoot),
  });

  beforeAll(async () => {
    stage = await openStage();
    otherSigner = await stage.newKey('stranger', 'a password of a stranger');
    const { registry, sigstore, key } = stage;
    for (const name of ['app', 'identity', 'foreign', 'unsigned'] as const) {
      image[name] = await pushImage(registry.host);
    }
    image.index = await pushIndex(registry.host);
    const by = ({ ref, password }: StageKey) => ({ ref, password: secret(password) });
    const { fulcioUrl, rekorUrl } = sigstore;
    stage.declare({
      use: 'local',
      images: {
        app: {
          image: `${image.app.repository}:v1`,
          key: by(key),
          annotations: { stage: 'production' },
        },
        identity: {
          image: image.identity.reference,
          keyless: { tokenFile: stage.newToken('job', { subject: IDENTITY }).path },
          sigstore: { fulcioUrl, rekorUrl, ...rootOf() },
        },
        foreign: { image: image.foreign.reference, key: by(otherSigner) },
        index: { image: image.index.reference, key: by(key) },
      },
    });
    signing = stage.stack(kind);
  });
  afterAll(() => stage.close());

  it(
    'is signed as it is, and by the digest that its tag had',
    async () => {
      const up = await signing.up();
      expect(up.errors).toEqual([]);
      const app = await imageOutputs(signing);
      expect(app.imageRef).toBe(image.app.reference);
      expect(app.provenance).toBeUndefined();
      expect(bundlesOf(stage.registry, pathOf(image.app), image.app.digest)).toHaveLength(1);
    },
    SCENARIO,
  );

  it(
    'stays the image that its tag was resolved to when the tag moves',
    async () => {
      const { registry } = stage;
      const path = pathOf(image.app);
      const { bytes, mediaType } = registry.store.getManifest(path, image.app.digest) ?? {};
      if (!bytes || !mediaType) throw new Error('the image was not pushed');
      const other = Buffer.from(`${bytes.toString('utf8')}\n`);
      registry.store.putManifest(path, { mediaType, bytes: other }, { tag: 'v1' });
      stage.forget();
      const again = await signing.up();
      expect(again.errors).toEqual([]);
      expect(saidBy(again)).toContain(`has moved to ${sha256(other)}`);
      expect(deedsOf(again)).toEqual([]);
      expect(stage.writes()).toEqual([]);
      expect((await imageOutputs(signing)).digest).toBe(image.app.digest);
    },
    SCENARIO,
  );

  it(
    'is verified alone, by a key or by an identity',
    async () => {
      const { key, sigstore } = stage;
      const identities = [{ identity: IDENTITY, issuer: sigstore.issuer.url }];
      stage.declare({
        use: 'local',
        verified: {
          app: {
            image: image.app.reference,
            keys: [key.publicKey],
            annotations: { stage: 'production' },
          },
          identity: { image: `${image.identity.repository}:v1`, identities, sigstore: rootOf() },
          index: { image: image.index.reference, keys: [otherSigner.publicKey, key.publicKey] },
        },
      });
      stage.forget();
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      expect((await imageOutputs(engine, 'app')).imageRef).toBe(image.app.reference);
      const byIdentity = await imageOutputs(engine, 'identity');
      expect(byIdentity.imageRef).toBe(image.identity.reference);
      expect(byIdentity.signer).toMatchObject({ kind: 'keyless', identity: IDENTITY });
      expect((await imageOutputs(engine, 'index')).imageRef).toBe(image.index.reference);
      expect(stage.writes()).toEqual([]);
    },
    SCENARIO,
  );

  describe('does not return a digest if', () => {
    const refused = async (declared: Readonly<Record<string, unknown>>): Promise<string> => {
      stage.declare({ use: 'local', verified: { app: declared } });
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect((await engine.outputs())['app']).toBeUndefined();
      expect(up.logs).not.toContain('app is ');
      return up.errors.join('\n');
    };
    const keys = (): { readonly keys: readonly string[] } => ({ keys: [stage.key.publicKey] });

    it(
      'it is unsigned, which a preview reports too',
      async () => {
        const { reference, digest } = image.unsigned;
        const said = await refused({ image: reference, ...keys() });
        expect(said).toContain('VERIFY_UNSIGNED');
        expect(said).toContain(digest);
        const preview = await stage.stack(kind).preview();
        expect(preview.ok).toBe(false);
        expect(preview.errors.join('\n')).toContain('VERIFY_UNSIGNED');
      },
      SCENARIO,
    );

    it(
      'another signer signed it',
      async () => {
        const said = await refused({ image: image.foreign.reference, ...keys() });
        expect(said).toContain('VERIFY_SIGNER_MISMATCH');
      },
      SCENARIO,
    );

    it(
      'another identity signed it',
      async () => {
        const identities = [
          { identity: `${IDENTITY}-of-a-fork`, issuer: stage.sigstore.issuer.url },
        ];
        const { reference } = image.identity;
        const said = await refused({ image: reference, identities, sigstore: rootOf() });
        expect(said).toContain('VERIFY_SIGNER_MISMATCH');
      },
      SCENARIO,
    );

    it(
      'a required annotation has another value',
      async () => {
        const annotations = { stage: 'staging' };
        const said = await refused({ image: image.app.reference, ...keys(), annotations });
        expect(said).toContain('VERIFY_ANNOTATION_MISMATCH');
        expect(said).toContain('staging');
      },
      SCENARIO,
    );

    it(
      'one of its platforms has lost its signature',
      async () => {
        const path = pathOf(image.index);
        const arm = image.index.platforms[1];
        if (!arm) throw new Error('the index has two platforms');
        for (const { digest } of bundlesOf(stage.registry, path, arm.digest)) {
          stage.registry.store.deleteManifest(path, digest);
        }
        const said = await refused({ image: image.index.reference, ...keys() });
        expect(said).toContain('VERIFY_UNSIGNED');
        expect(said).toContain(`linux/arm64 ${arm.digest}`);
      },
      SCENARIO,
    );

    it(
      'signatures of another image were moved over to it',
      async () => {
        const { store } = stage.registry;
        const path = pathOf(image.app);
        const [signature] = bundlesOf(stage.registry, path, image.app.digest);
        const bundle = store.getManifest(path, signature?.digest ?? '');
        const original = store.getManifest(path, image.app.digest);
        if (!bundle || !original) throw new Error('the image was signed');
        const altered = Buffer.from(`${original.bytes.toString('utf8')} `);
        const digest = store.putManifest(path, { ...original, bytes: altered });
        const moved = JSON.parse(bundle.bytes.toString('utf8')) as { subject: object };
        const subject = { mediaType: original.mediaType, digest, size: altered.length };
        const bytes = Buffer.from(JSON.stringify({ ...moved, subject }));
        store.putManifest(path, { ...bundle, bytes });
        const said = await refused({ image: `${image.app.repository}@${digest}`, ...keys() });
        expect(said).toMatch(/VERIFY_(SIGNATURE_INVALID|UNSIGNED)/);
      },
      SCENARIO,
    );

    // The last test, because the image becomes unreadable.
    it(
      'the registry returns other bytes for its digest',
      async () => {
        const { store } = stage.registry;
        const path = pathOf(image.app);
        const original = store.getManifest(path, image.app.digest);
        if (!original) throw new Error('the image was pushed');
        const bytes = Buffer.from(original.bytes.toString('utf8').replace('amd64', 'arm64'));
        bytes[bytes.length - 2] = 0x20;
        store.putManifest(path, { ...original, bytes }, { digest: image.app.digest });
        const said = await refused({ image: image.app.reference, ...keys() });
        expect(said).toContain('CONTENT_MISMATCH');
      },
      SCENARIO,
    );
  });
});
