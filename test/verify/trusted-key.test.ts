import { signImage, type SigningMaterial } from '../../src/sign';
import {
  inspectImage,
  type TrustedKey,
  type VerificationPolicy,
  verifyImage,
} from '../../src/verify';
import {
  codeOf,
  freshRepository,
  type KeyPair,
  type Lab,
  newKey,
  openLab,
  policy,
  pushImage,
  target,
  type WitnessChoice,
} from './support/lab';

let lab: Lab;
beforeAll(async () => {
  lab = await openLab();
});
afterAll(() => lab.close());

async function scene() {
  const repository = freshRepository(lab);
  const image = await pushImage(lab, repository);
  const sign = (material: SigningMaterial) =>
    signImage(
      { repository, targets: [target(repository, image)], format: 'bundle', material },
      lab.client,
    );
  const verify = (required: Partial<VerificationPolicy>) =>
    verifyImage(repository, image.digest, policy(required), lab.client);
  const inspect = (required: Partial<VerificationPolicy>) =>
    inspectImage(repository, image.digest, policy(required), lab.client);
  return { sign, verify, inspect };
}

const past = (): Date => new Date(Date.now() - 1);
const inAnHour = (): Date => new Date(Date.now() + 3_600_000);
const only = ({ publicKey: key }: KeyPair, window: Omit<TrustedKey, 'key'> = {}) => ({
  trustedKeys: [{ key, ...window }],
});

test('a key without a validity period is always trusted', async () => {
  const { sign, verify } = await scene();
  const pair = newKey(lab);
  await sign(pair.material);
  const { signer } = await verify(only(pair));
  expect(signer).toEqual(pair.material.description);
});

test('a signature that nothing proves the time of counts as one of now', async () => {
  const { sign, verify, inspect } = await scene();
  const pair = newKey(lab);
  await sign(pair.material);
  await expect(verify(only(pair, { notAfter: inAnHour() }))).resolves.toMatchObject({
    verified: true,
  });
  const report = await inspect(only(pair, { notAfter: past() }));
  expect(report.verified).toBe(false);
  expect(report.manifests[0]?.parts).toMatchObject([
    {
      status: 'invalid',
      code: 'VERIFY_KEY_RETIRED',
      reason: expect.stringMatching(
        new RegExp(`retired key sha256:${pair.publicKey.keyId}: the signing time is not proven`),
      ),
    },
  ]);
  expect(await codeOf(verify(only(pair, { notBefore: inAnHour() })))).toBe('VERIFY_KEY_RETIRED');
});

const witnessed: readonly [string, WitnessChoice, 'log' | 'timestamp'][] = [
  ['a log entry', { log: true }, 'log'],
  ['a timestamp', { timestamp: true }, 'timestamp'],
];

test.each(witnessed)('%s proves that it was created in time', async (_, choice, transparency) => {
  const { sign, verify } = await scene();
  const pair = newKey(lab, choice);
  const before = new Date(Math.floor(Date.now() / 1000) * 1000 - 1000);
  await sign(pair.material);
  const notAfter = past();
  const required = { transparency, trustedRoot: lab.trustedRoot };
  await expect(
    verify({ ...required, ...only(pair, { notBefore: before, notAfter }) }),
  ).resolves.toMatchObject({ verified: true });
  const late = verify({ ...required, ...only(pair, { notAfter: before }) });
  await expect(late).rejects.toMatchObject({
    code: 'VERIFY_KEY_RETIRED',
    message: expect.stringContaining(`the key is trusted only until ${before.toISOString()}`),
  });
  // Without trust in the log, the time is not proven.
  expect(await codeOf(verify(only(pair, { notAfter })))).toBe('VERIFY_KEY_RETIRED');
});

test('signatures of a retired key do not count, with any proof of the time', async () => {
  const { sign, verify } = await scene();
  const pair = newKey(lab, { log: true });
  await sign(pair.material);
  const required = { transparency: 'log' as const, trustedRoot: lab.trustedRoot };
  expect(await codeOf(verify({ ...required, ...only(pair, { retired: true }) }))).toBe(
    'VERIFY_KEY_RETIRED',
  );
});

test('a window counts also where the key is named without one; of several one is enough', async () => {
  const { sign, verify } = await scene();
  const pair = newKey(lab);
  const { publicKey: key } = pair;
  await sign(pair.material);
  expect(await codeOf(verify({ keys: [key], ...only(pair, { notAfter: past() }) }))).toBe(
    'VERIFY_KEY_RETIRED',
  );
  const trustedKeys = [
    { key, notAfter: past() },
    { key, notBefore: past(), notAfter: inAnHour() },
  ];
  await expect(verify({ trustedKeys })).resolves.toMatchObject({ verified: true });
});

test('a signature of the next key is enough if a retired key signed too', async () => {
  const { sign, verify } = await scene();
  const [former, next] = [newKey(lab), newKey(lab)];
  await sign(former.material);
  const required = { keys: [next.publicKey], ...only(former, { notAfter: past() }) };
  expect(await codeOf(verify(required))).toBe('VERIFY_KEY_RETIRED');
  await sign(next.material);
  expect((await verify(required)).signer).toEqual(next.material.description);
});

test('another signer is reported as such, not as a retired one', async () => {
  const { sign, verify } = await scene();
  await sign(newKey(lab).material);
  expect(await codeOf(verify(only(newKey(lab), { notAfter: past() })))).toBe(
    'VERIFY_SIGNER_MISMATCH',
  );
});
