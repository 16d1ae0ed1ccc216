import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type RealSigstore, signingConfigOf, startRealSigstore } from '../../dev/services';
import { parseTrustedRoot, processHost, type SigningInputs } from '../../src/sign';
import { pushImage } from '../interop/support/images';
import { ANNOTATIONS, policyOf, signWithOurs, verifyWithOurs } from '../interop/support/ours';
import type { TestSigner } from '../interop/support/signers';
import { type Stack, startStack } from '../interop/support/stack';

const EMAIL = 'release@ci.example.com';
const PAIRS = Object.entries(ANNOTATIONS).flatMap(([name, value]) => ['-a', `${name}=${value}`]);

describe('an instance of the real Fulcio, Rekor v2 and timestamp authority', () => {
  let stack: Stack;
  let services: RealSigstore;
  let folder: string;
  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
    services = await startRealSigstore({ issuerUrl: stack.sigstore.issuer.url });
    folder = join(stack.folder, 'real');
    await mkdir(folder);
    await writeFile(join(folder, 'trusted_root.json'), JSON.stringify(services.trustedRoot));
    await writeFile(join(folder, 'signing_config.json'), JSON.stringify(signingConfig()));
  }, 120_000);
  afterAll(async () => {
    await services.stop();
    await stack.close();
  });

  const signingConfig = () => signingConfigOf(services, stack.sigstore.issuer.url);
  const token = () => stack.sigstore.issuer.token({ subject: 'job', email: EMAIL });
  const trust = () => [
    ...['--certificate-identity', EMAIL],
    ...['--certificate-oidc-issuer', stack.sigstore.issuer.url],
    ...['--trusted-root', join(folder, 'trusted_root.json')],
    '--use-signed-timestamps',
    '--insecure-ignore-sct',
  ];
  const signer = (sigstore: SigningInputs['sigstore']): TestSigner => ({
    config: { keyless: { tokenEnv: 'MY_TOKEN' }, sigstore },
    host: { ...processHost(), env: { MY_TOKEN: token() } },
    keys: [],
    identities: [{ identity: EMAIL, issuer: stack.sigstore.issuer.url }],
    transparency: 'log',
    cosign: trust(),
    cosignOther: [],
  });
  const policy = (by: TestSigner) =>
    policyOf(stack, by, { trustedRoot: parseTrustedRoot(JSON.stringify(services.trustedRoot)) });

  it.each<[string, () => SigningInputs['sigstore']]>([
    ['a signing config', () => ({ signingConfig: join(folder, 'signing_config.json') })],
    [
      'a client trust config',
      () => ({
        clientTrustConfig: JSON.stringify({
          mediaType: 'application/vnd.dev.sigstore.clienttrustconfig.v0.1+json',
          trustedRoot: services.trustedRoot,
          signingConfig: signingConfig(),
        }),
      }),
    ],
  ])('that %s names signs, and we and cosign verify', async (_, declared) => {
    const by = signer(declared());
    const image = await pushImage(stack.registry.host);
    await signWithOurs(image, by, { format: 'bundle' });
    expect(await verifyWithOurs(image, policy(by))).toMatchObject({ verified: true });
    const run = await stack.cosign(['verify', ...trust(), ...PAIRS, image.reference]);
    expect(run).toMatchObject({ code: 0 });
    const wrong = trust().map((each) => (each === EMAIL ? 'someone@else.example' : each));
    const other = await stack.cosign(['verify', ...wrong, image.reference]);
    expect(other.code).not.toBe(0);
  });

  it('whose signatures by cosign with the same signing config we verify', async () => {
    const image = await pushImage(stack.registry.host);
    const config = ['--signing-config', join(folder, 'signing_config.json')];
    const root = ['--trusted-root', join(folder, 'trusted_root.json')];
    const run = await stack.cosign(['sign', ...config, ...root, ...PAIRS, image.reference], {
      SIGSTORE_ID_TOKEN: token(),
    });
    expect(run).toMatchObject({ code: 0 });
    const by = signer({});
    const report = await verifyWithOurs(image, { ...policy(by), provenance: undefined });
    expect(report).toMatchObject({ verified: true });
  });

  it('whose Fulcio does not trust the issuer reports that, without showing the token', async () => {
    const image = await pushImage(stack.registry.host);
    const by = signer({ signingConfig: join(folder, 'signing_config.json') });
    const forged = stack.sigstore.issuer.forgedToken({ subject: 'job', email: EMAIL });
    const host = { ...processHost(), env: { MY_TOKEN: forged } };
    const failure = await signWithOurs(image, { ...by, host }, { format: 'bundle' }).then(
      () => undefined,
      (error: unknown) => error as Error,
    );
    expect(failure).toMatchObject({
      code: 'FULCIO_FAILED',
      property: 'sigstore.signingConfig',
    });
    for (const part of forged.split('.')) expect(failure?.stack).not.toContain(part);
  });
});
