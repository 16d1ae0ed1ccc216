import { type RealSigstore, startRealSigstore } from '../../dev/services';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { createSigningMaterial, processHost } from '../../src/sign';
import { IDENTITY_CASES } from './identities';

/** The public instance's names for the subjects of CI systems: config/identity/config.yaml of Fulcio. */
const TEMPLATES = {
  'gitlab-pipeline': 'https://{{ .ci_config_ref_uri }}',
  'buildkite-job': 'https://buildkite.com/{{.organization_slug}}/{{.pipeline_slug}}',
  'circleci-job':
    'https://circleci.com/api/v2/projects/{{(index . "oidc.circleci.com/project-id")}}' +
    '/pipeline-definitions/{{(index . "oidc.circleci.com/pipeline-definition-id")}}',
} as const;

const ORGANIZATION = 'a64b0a19-f221-4291-b000-8d24bd842b72';

/** The kinds of Fulcio's issuers by the path of the double's. */
const KINDS = {
  '/gitlab': { Type: 'ci-provider', CIProvider: 'gitlab-pipeline' },
  '/buildkite': { Type: 'ci-provider', CIProvider: 'buildkite-job' },
  [`/org/${ORGANIZATION}`]: { Type: 'ci-provider', CIProvider: 'circleci-job' },
  '/cluster': { Type: 'kubernetes' },
  '/google': { Type: 'email' },
  '/spire': { Type: 'spiffe', SPIFFETrustDomain: 'example.test' },
} as const;

/** Identities of e-mail issuers, or of one of the kinds above. */
const CASES = IDENTITY_CASES.filter(({ source }) => !/^(github-actions|env)|\(auto\)/.test(source));

describe('the real Fulcio issues certificates for the identity in the token', () => {
  let sigstore: RunningSigstore;
  let real: RealSigstore;
  beforeAll(async () => {
    sigstore = await startSigstore();
    const issuerUrl = sigstore.issuer.url;
    real = await startRealSigstore({
      issuerUrl,
      fulcioConfig: {
        OIDCIssuers: Object.fromEntries(
          Object.entries(KINDS).map(([path, kind]) => {
            const url = `${issuerUrl}${path}`;
            return [url, { IssuerURL: url, ClientID: 'sigstore', ...kind }];
          }),
        ),
        CIIssuerMetadata: Object.fromEntries(
          Object.entries(TEMPLATES).map(([name, template]) => [
            name,
            { SubjectAlternativeNameTemplate: template },
          ]),
        ),
      },
    });
  }, 120_000);
  afterAll(async () => {
    await real.stop();
    await sigstore.close();
  });

  it.each(CASES.map((each) => [each.source, each] as const))('%s', async (_, { start }) => {
    const running = await start({ sigstore });
    try {
      const { fulcioUrl, tsaUrl } = real;
      const { PATH, HOME } = process.env;
      const host = { ...processHost(), env: { PATH, HOME, ...running.env }, ...running.host };
      const material = await createSigningMaterial(
        { ...running.config, sigstore: { fulcioUrl, tsaUrl }, transparency: 'none' },
        host,
      );
      const expected = { kind: 'keyless', ...running.identity };
      expect(material.description).toEqual(expected);
      await material.signer.sign(Buffer.from('data'));
      expect(material.description).toEqual(expected);
    } finally {
      await running.stop();
    }
  });
});
