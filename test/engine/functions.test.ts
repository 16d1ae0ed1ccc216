import { enginesUnderTest } from '../../dev/engine/under-test';
import { type PushedImage, pushImage, pushIndex } from '../interop/support/images';
import type { AuditLogResult } from '../../src/pulumi/functions';
import { FIRST_V1_INDEX } from '../log-audit/support/logs';
import { imageOutputs, openStage, saidBy, SCENARIO, secret, type Stage } from './support/stage';

/** Inputs of `auditLog` that are refused, and the message, which names the input. */
const AUDIT_MISTAKES: readonly (readonly [object, string, string])[] = [
  [{ from: 0 }, 'sigstore.rekorUrl', 'does not return entry 0'],
  [{ keys: [] }, 'keys', 'no signer to search for'],
  [{ checkpoint: 'no JSON' }, 'checkpoint', 'is not JSON'],
  [{ known: ['nonsense'] }, 'known', 'line 1 of the known entries'],
  [{ stackStates: ['{}'] }, 'stackStates', 'is not a stack export'],
  [{ maxEntries: 0 }, 'maxEntries', 'must be between 1 and 1000000'],
  [{ digests: ['abc'] }, 'digests', '64 lowercase hex digits'],
  [{ identities: [{ identity: 'a' }] }, 'identities[0].issuer', 'is required'],
];

/** The state of the local engine has the resources that `pulumi stack export` has in `deployment`. */
function stackExport(state: string): string {
  const { deployment, resources } = JSON.parse(state) as Record<string, unknown>;
  return JSON.stringify({ deployment: deployment ?? { resources } });
}

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
  }, SCENARIO);
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

  it(
    'audit a log: entries that no stack made, from a checkpoint, and problems on their inputs',
    async () => {
      const { rekorUrl, trustedRoot } = stage.sigstore;
      const sigstore = { rekorUrl, trustedRoot: JSON.stringify(trustedRoot) };
      const logged = await pushImage(stage.registry.host);
      const key = { ref: stage.key.ref, password: secret(stage.key.password) };
      stage.declare({ use: 'local', images: { app: { image: logged.reference, key, sigstore } } });
      const signing = stage.stack(kind);
      expect((await signing.up()).errors).toEqual([]);
      const { logEntries } = await imageOutputs(signing);
      const state = stackExport(await signing.exportState());
      stage.forget();
      const call = {
        $function: 'auditLog',
        keys: [stage.key.publicKey],
        sigstore,
        digests: [],
        from: FIRST_V1_INDEX,
      };
      stage.declare({
        use: 'local',
        calls: {
          foreign: call,
          known: { ...call, $function: 'auditLogOutput', stackStates: [state] },
          part: { ...call, maxEntries: 1 },
        },
      });
      const engine = stage.stack(kind);
      expect((await engine.up()).errors).toEqual([]);
      const { foreign, known, part } = (await engine.outputs()) as Record<string, AuditLogResult>;
      const indexes = logEntries.map(({ logIndex }) => logIndex);
      expect(foreign).toMatchObject({ outcome: 'findings', findingCount: indexes.length });
      expect(foreign?.findings.map(({ logIndex }) => logIndex)).toEqual(
        expect.arrayContaining(indexes),
      );
      expect(known).toMatchObject({ outcome: 'clean', findings: [], known: indexes.length });
      expect(part?.read).toBe(1);
      expect(part?.remaining).toBe((known?.read ?? 0) - 1);

      stage.declare({
        use: 'local',
        calls: {
          rest: { ...call, checkpoint: part?.checkpoint },
          done: { ...call, checkpoint: known?.checkpoint, stackStates: [state] },
        },
      });
      expect((await engine.up()).errors).toEqual([]);
      const { rest, done } = (await engine.outputs()) as Record<string, AuditLogResult>;
      expect(rest).toMatchObject({ findingCount: indexes.length, remaining: 0 });
      expect(rest?.read).toBe(part?.remaining);
      expect(done).toMatchObject({ outcome: 'clean', read: 0 });
      // Entries are read with POST.
      expect(stage.writes().every((each) => /POST .*\/entries\/retrieve$/.test(each))).toBe(true);

      for (const [mistake, property, message] of AUDIT_MISTAKES) {
        stage.declare({ use: 'local', calls: { wrong: { ...call, ...mistake } } });
        const wrong = await engine.up();
        expect(wrong.ok).toBe(false);
        expect(saidBy(wrong)).toContain(property);
        expect(saidBy(wrong)).toContain(message);
      }
    },
    4 * SCENARIO,
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
