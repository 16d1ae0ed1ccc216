import { enginesUnderTest, type RunOutcome } from '../../dev/engine/under-test';
import { pushImage, pushIndex } from '../interop/support/images';
import { openStage, SCENARIO, secret, type Stage } from './support/stage';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';

/** The names of all resources that a run did not leave as they are. */
const changed = ({ errors, steps, summary }: RunOutcome): readonly string[] => [
  ...errors,
  ...steps.flatMap(({ op, name }) => (op === 'same' ? [] : [`${op} ${name}`])),
  ...Object.keys(summary).filter((op) => op !== 'same'),
];

/** What is left under Diagnostics, without the lines of the program. */
const diagnosticsOf = ({ diagnostics }: RunOutcome): readonly string[] =>
  diagnostics.filter((line) => !/ is 127\.0\.0\.1:/.test(line));

describe.each(enginesUnderTest())('an unchanged stack, on the $engine engine', (kind) => {
  let stage: Stage;
  let images: Readonly<Record<string, unknown>>;
  let verified: Readonly<Record<string, unknown>>;

  beforeAll(async () => {
    stage = await openStage();
    const { registry, sigstore } = stage;
    const { fulcioUrl, rekorUrl } = sigstore;
    const trustedRoot = JSON.stringify(sigstore.trustedRoot);
    const key = { ref: stage.key.ref, password: secret(stage.key.password) };
    const identity = {
      keyless: { tokenFile: stage.newToken('job', { subject: IDENTITY }).path },
      sigstore: { fulcioUrl, rekorUrl, trustedRoot },
    };
    const existing = async (): Promise<string> => (await pushImage(registry.host)).reference;
    const build = { context: 'app' };
    const built = (name: string): string => `${registry.host}/built/${name}`;
    images = {
      key: { image: await existing(), key },
      tag: { image: `${(await pushImage(registry.host)).repository}:v1`, key },
      disabled: { image: await existing(), key, provenance: { disabled: true } },
      legacy: { image: await existing(), key, format: 'legacy' },
      both: { image: await existing(), key, format: 'both', verify: { always: true } },
      logged: { image: await existing(), key, sigstore: { rekorUrl, trustedRoot } },
      identity: { image: await existing(), ...identity },
      index: { image: (await pushIndex(registry.host)).reference, key },
      source: { image: await existing(), key, source: { branch: 'other', allowDirty: true } },
      extra: {
        image: await existing(),
        key,
        annotations: { team: 'x' },
        verify: { keys: [stage.key.publicKey], annotations: { team: 'x' } },
        deletion: 'signatures',
      },
      built: { image: built('provenance'), build, key },
      plain: { image: built('plain'), build, key, provenance: { disabled: true } },
      keyless: { image: `${built('keyless')}:v1`, build, ...identity },
    };
    verified = {
      'verified-key': {
        image: (images['key'] as { image: string }).image,
        keys: [stage.key.publicKey],
      },
      'verified-tag': {
        image: (images['tag'] as { image: string }).image,
        keys: [stage.key.publicKey],
      },
      'verified-always': {
        image: (images['index'] as { image: string }).image,
        keys: [stage.key.publicKey],
        platforms: false,
        always: true,
      },
      'verified-provenance': {
        image: `${built('keyless')}:v1`,
        identities: [{ identity: IDENTITY, issuer: sigstore.issuer.url }],
        sigstore: { trustedRoot },
        provenance: {},
      },
    };
  });
  afterAll(() => stage.close());

  it.each(['local', 'remote'] as const)(
    'has an empty preview and an empty update, for every combination of inputs (%s use)',
    async (use) => {
      const engine = stage.stack(kind);
      const created: string[] = [];
      const create = async (declared: object): Promise<void> => {
        stage.declare({ use, images, ...declared });
        const up = await engine.up();
        expect(up.errors).toEqual([]);
        created.push(...diagnosticsOf(up));
      };
      await create({});
      await create({ verified });
      for (const run of [await engine.preview(), await engine.up(), await engine.preview()]) {
        expect(changed(run)).toEqual([]);
        expect(diagnosticsOf(run)).toEqual([]);
      }
      // What is normal is shown as the status of a resource while it is worked on.
      expect(created).toEqual([]);
    },
    8 * SCENARIO,
  );
});
