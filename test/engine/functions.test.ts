import { enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushImage, pushIndex } from '../interop/support/images';
import { openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

const PASSWORD = 'canary-password-of-a-function';

describe.each(enginesUnderTest())('the functions, on the $engine engine', (kind) => {
  let stage: Stage;
  let image: PushedImage;
  let index: PushedImage;

  beforeAll(async () => {
    stage = await openStage();
    image = await pushImage(stage.registry.host);
    index = await pushIndex(stage.registry.host);
    const key = { ref: stage.key.ref, password: secret(stage.key.password) };
    stage.declare({
      use: 'local',
      images: { app: { image: image.reference, key, format: 'both', annotations: { a: 'b' } } },
    });
    expect((await stage.stack(kind).up()).errors).toEqual([]);
    stage.forget();
  });
  afterAll(() => stage.close());

  it(
    'report what a verification finds, also where it fails, and what is there; they write nothing',
    async () => {
      const { publicKey } = stage.key;
      const other = await stage.newKey('other', 'another password');
      stage.declare({
        use: 'local',
        calls: {
          verified: {
            $function: 'verifyImage',
            image: image.reference,
            keys: [publicKey],
            annotations: { a: 'b' },
          },
          foreign: {
            $function: 'verifyImage',
            image: image.reference,
            keys: [other.publicKey],
            registry: { username: 'ci', password: PASSWORD },
          },
          unsigned: { $function: 'verifyImageOutput', image: index.reference, keys: [publicKey] },
          listed: { $function: 'listSignatures', image: image.reference },
          resolved: { $function: 'resolveImage', image: `${index.repository}:v1` },
        },
      });
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      const { digest, reference } = image;
      const outputs = await engine.outputs();
      expect(outputs['verified']).toMatchObject({
        verified: true,
        reference,
        digest,
        signer: { kind: 'key' },
        signedAnnotations: { a: 'b' },
        unmet: [],
      });
      expect(outputs['foreign']).toMatchObject({
        verified: false,
        reference,
        unmet: [
          expect.stringMatching(/another signer.*\[VERIFY_/),
          expect.stringMatching(/no trusted key verifies it.*\[VERIFY_/),
        ],
      });
      const { unmet } = outputs['unsigned'] as { unmet: readonly string[] };
      expect(unmet.length).toBeGreaterThan(1);
      for (const line of unmet) expect(line).toContain('VERIFY_UNSIGNED');
      const { signatures, unreadable } = outputs['listed'] as {
        signatures: readonly { format: string; subject: string }[];
        unreadable: readonly unknown[];
      };
      expect(signatures.map(({ format }) => format).sort()).toEqual(['bundle', 'legacy']);
      expect(signatures.every(({ subject }) => subject === digest)).toBe(true);
      expect(unreadable).toEqual([]);
      expect(outputs['resolved']).toMatchObject({
        reference: index.reference,
        digest: index.digest,
        platforms: index.platforms.map((each) => expect.objectContaining({ digest: each.digest })),
      });
      expect(stage.writes()).toEqual([]);
      expect([await engine.exportState(), engine.logs(), saidBy(up)].join()).not.toContain(
        PASSWORD,
      );
    },
    SCENARIO,
  );

  const mistakes: readonly (readonly [string, object, RegExp])[] = [
    [
      'nobody is trusted',
      { $function: 'verifyImage', image: 'host.test/a' },
      /no signer is trusted/,
    ],
    [
      'a misspelt member',
      { $function: 'verifyImage', image: 'host.test/a', keys: [], provenance: { bilderId: 'x' } },
      /provenance\.bilderId/,
    ],
    ['no image', { $function: 'resolveImage' }, /image.*is required/],
    ['a number', { $function: 'listSignatures', image: 5 }, /image.*must be a string/],
  ];
  it.each(mistakes)(
    'refuse a mistake on its input: %s',
    async (_what, call, expected) => {
      stage.declare({ use: 'local', calls: { wrong: call } });
      const engine = stage.stack(kind);
      const up = await engine.up();
      expect(up.ok).toBe(false);
      expect([saidBy(up), engine.logs()].join()).toMatch(expected);
    },
    SCENARIO,
  );
});
