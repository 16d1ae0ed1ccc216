import { type EngineUnderTest, enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushImage } from '../interop/support/images';
import { bundlesOf } from './support/registry-content';
import { deedsOf, imageOutputs, openStage, saidBy, SCENARIO, type Stage } from './support/stage';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

/** Path of a repository on the registry. */
const pathOf = ({ repository }: { readonly repository: string }): string =>
  repository.slice(repository.indexOf('/') + 1);

describe.each(enginesUnderTest())('signing with an identity on the $engine engine', (kind) => {
  let stage: Stage;
  let engine: EngineUnderTest;
  let legacy: PushedImage;
  let both: PushedImage;

  beforeAll(async () => {
    stage = await openStage();
    engine = stage.stack(kind);
    const { registry, sigstore } = stage;
    [legacy, both] = [await pushImage(registry.host), await pushImage(registry.host)];
    const { fulcioUrl, rekorUrl, tsaUrl } = sigstore;
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    const keyless = {
      tokenFile: stage.newToken('job', { subject: IDENTITY }).path,
      issuer: sigstore.issuer.url,
    };
    stage.declare({
      use: 'remote',
      images: {
        bundle: {
          image: `${registry.host}/team/app`,
          build: { context: 'app' },
          keyless,
          sigstore: { fulcioUrl, rekorUrl, tsaUrl, trustedRoot },
        },
        legacy: {
          image: legacy.reference,
          keyless,
          sigstore: { fulcioUrl, rekorUrl, trustedRoot },
          format: 'legacy',
        },
        both: {
          image: both.reference,
          keyless,
          sigstore: { fulcioUrl, rekorUrl, trustedRoot },
          format: 'both',
        },
      },
    });
    stage.forget();
  });
  afterAll(() => stage.close());

  it(
    'requests no certificate in a preview, and logs no entry',
    async () => {
      const preview = await engine.preview();
      expect(preview.errors).toEqual([]);
      expect(saidBy(preview)).toContain('would sign 1');
      expect(stage.writes()).toEqual([]);
      expect(stage.sigstore.log.entries).toHaveLength(0);
    },
    SCENARIO,
  );

  it(
    'signs in all three formats, with certificate, log entry and timestamp',
    async () => {
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      const issuer = stage.sigstore.issuer.url;
      for (const name of ['bundle', 'legacy', 'both']) {
        const image = await imageOutputs(engine, name);
        expect(image.signer).toMatchObject({ kind: 'keyless', identity: IDENTITY, issuer });
        expect(image.certificate).toContain('BEGIN CERTIFICATE');
        expect(image.logEntries.length).toBeGreaterThan(0);
        expect(image.imageRef).toContain(`@${image.digest}`);
      }
      const built = await imageOutputs(engine, 'bundle');
      expect(bundlesOf(stage.registry, 'team/app', built.digest)).toHaveLength(2);
      expect(stage.sigstore.requests.filter(({ service }) => service === 'tsa')).toHaveLength(2);
      const { store } = stage.registry;
      for (const image of [legacy, both]) {
        const tag = `${image.digest.replace(':', '-')}.sig`;
        expect(store.getManifest(pathOf(image), tag)).toBeDefined();
      }
      expect(bundlesOf(stage.registry, pathOf(legacy), legacy.digest)).toHaveLength(0);
      expect(bundlesOf(stage.registry, pathOf(both), both.digest)).toHaveLength(1);
      // Signature and provenance of the built image, and a signature in each format of the others.
      expect(stage.sigstore.log.entries).toHaveLength(5);
    },
    SCENARIO,
  );

  it(
    'writes nothing and logs nothing in a second update',
    async () => {
      const before = stage.sigstore.log.entries.length;
      stage.forget();
      const again = await engine.up();
      expect(again.errors).toEqual([]);
      expect(deedsOf(again)).toEqual([]);
      expect(stage.writes()).toEqual([]);
      expect(stage.sigstore.log.entries).toHaveLength(before);
    },
    SCENARIO,
  );
});
