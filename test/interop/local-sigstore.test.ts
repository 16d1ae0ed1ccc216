import { pushImage } from './support/images';
import { type Stack, startStack } from './support/stack';

/** Real cosign with the local services only: it verifies the signatures that it creates. */
describe.each([
  ['with the referrers API', true],
  ['without the referrers API', false],
])('cosign signs and verifies in the local stack, %s', (_, referrersApi) => {
  let stack: Stack;
  const IDENTITY = 'https://ci.example.com/workflow';

  beforeAll(async () => {
    stack = await startStack({ referrersApi });
    const made = await stack.cosign(['generate-key-pair'], {
      COSIGN_PASSWORD: 'canary-cosign-password',
    });
    expect(made).toMatchObject({ code: 0 });
  });
  afterAll(() => stack.close());

  const identity = () => [
    '--certificate-identity',
    IDENTITY,
    '--certificate-oidc-issuer',
    stack.sigstore.issuer.url,
  ];
  const token = () => stack.sigstore.issuer.token({ subject: IDENTITY });

  test.each(['log', 'log+tsa', 'log-v2+tsa'] as const)(
    'keyless, bundle, with %s',
    async (services) => {
      const { reference } = await pushImage(stack.registry.host);
      const signed = await stack.cosign([
        'sign',
        '--signing-config',
        stack.signingConfig[services],
        '--trusted-root',
        stack.trustedRoot,
        '--identity-token',
        token(),
        '-a',
        'commit=abc',
        reference,
      ]);
      expect(signed).toMatchObject({ code: 0 });
      const verify = ['verify', '--trusted-root', stack.trustedRoot, ...identity()];
      expect(await stack.cosign([...verify, '-a', 'commit=abc', reference])).toMatchObject({
        code: 0,
      });
      expect(await stack.cosign([...verify, '-a', 'commit=abd', reference])).toMatchObject({
        code: 1,
      });
    },
  );

  test('keyless, legacy, with log', async () => {
    const { reference } = await pushImage(stack.registry.host);
    const signed = await stack.cosign([
      'sign',
      '--use-signing-config=false',
      '--new-bundle-format=false',
      '--fulcio-url',
      stack.sigstore.fulcioUrl,
      '--rekor-url',
      stack.sigstore.rekorUrl,
      '--trusted-root',
      stack.trustedRoot,
      '--identity-token',
      token(),
      reference,
    ]);
    expect(signed).toMatchObject({ code: 0 });
    const verify = ['verify', '--trusted-root', stack.trustedRoot, ...identity()];
    expect(await stack.cosign([...verify, reference])).toMatchObject({ code: 0 });
  });

  test.each(['log', 'log-v2'] as const)('a key, bundle, with %s', async (services) => {
    const { reference } = await pushImage(stack.registry.host);
    const signed = await stack.cosign(
      ['sign', '--key', 'cosign.key', '--signing-config', stack.signingConfig[services], reference],
      { COSIGN_PASSWORD: 'canary-cosign-password' },
    );
    expect(signed).toMatchObject({ code: 0 });
    const verify = ['verify', '--key', 'cosign.pub', '--trusted-root', stack.trustedRoot];
    expect(await stack.cosign([...verify, reference])).toMatchObject({ code: 0 });
  });
});
