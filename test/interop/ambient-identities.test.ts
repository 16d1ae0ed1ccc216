import {
  buildkiteAgent,
  githubActions,
  gitlabCi,
  googleCloud,
  type IdentityDouble,
  spiffeAgent,
} from '../../dev/identity';
import type { OidcIssuer } from '../../dev/sigstore';
import { pushImage } from './support/images';
import { type Stack, startStack } from './support/stack';

type Open = (issuer: OidcIssuer) => IdentityDouble | Promise<IdentityDouble>;

describe('the doubles of identities are true to real cosign, which signs with each', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ referrersApi: true });
  });
  afterAll(() => stack.close());

  it.each<[string, Open, string]>([
    ['github-actions', githubActions, ''],
    ['gitlab-ci', (issuer) => gitlabCi(issuer), ''],
    ['buildkite-agent', buildkiteAgent, ''],
    ['google-workload-identity', googleCloud, ''],
    // cosign puts `unix://` before what the variable holds.
    ['spiffe', spiffeAgent, 'unix://'],
  ])('%s', async (_, open, prefix) => {
    const double = await open(stack.sigstore.issuer);
    try {
      const env = Object.fromEntries(
        Object.entries(double.env).map(([name, value]) => [
          name,
          prefix !== '' && value.startsWith(prefix) ? value.slice(prefix.length) : value,
        ]),
      );
      const image = await pushImage(stack.registry.host);
      const services = [
        '--signing-config',
        stack.signingConfig.log,
        '--trusted-root',
        stack.trustedRoot,
      ];
      const signed = await stack.cosign(['sign', '-y', ...services, image.reference], env);
      expect(signed).toMatchObject({ code: 0 });
      const { identity, issuer } = double.identity;
      const who = ['--certificate-identity', identity, '--certificate-oidc-issuer', issuer];
      const root = ['--trusted-root', stack.trustedRoot];
      const verified = await stack.cosign(['verify', ...who, ...root, image.reference]);
      expect(verified).toMatchObject({ code: 0 });
    } finally {
      await double.stop();
    }
  });
});
