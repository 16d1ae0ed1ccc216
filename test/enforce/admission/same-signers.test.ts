import { RE2JS } from 're2js';

import { rekorMonitorConfig } from '../../../src/log-audit/monitor-config';
import {
  fluxVerification,
  kyvernoClusterPolicy,
  kyvernoPolicy,
  policyControllerPolicy,
  type PolicyIdentity,
  type SignerPolicyArgs,
} from '../../../src/enforce/admission';
import { IdentityMatcher } from '../../../src/verify';
import { load } from 'js-yaml';
import { at, KEYLESS, problemsOf } from './support/policies';

const ISSUER = 'https://token.actions.githubusercontent.com';
const RELEASE = 'https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1.2.3';

/** Conditions of an engine for a certificate, as it is written in its object. */
interface Conditions {
  readonly subject?: string;
  readonly subjectRegExp?: string;
  readonly issuer?: string;
  readonly issuerRegExp?: string;
  readonly additionalExtensions?: Readonly<Record<string, string>>;
}

interface Signer {
  readonly identity: string;
  readonly issuer: string;
  readonly claims?: Readonly<Record<string, string>>;
}

const certificates: readonly Signer[] = [
  RELEASE,
  `${RELEASE}\n`,
  `x${RELEASE}`,
  RELEASE.toUpperCase(),
  RELEASE.replace('acme', 'acme-other'),
  RELEASE.replace('v1.2.3', 'v2'),
  RELEASE.replace('refs/tags/v1.2.3', 'refs/heads/main'),
  RELEASE.replaceAll('.', '_'),
  'https://github.com/acme/',
  'ci@acme.example',
  'ci@sub.acme.example',
  'ci@acme.example.other.test',
  'a*b',
  'axb',
  '',
].flatMap((identity) =>
  [ISSUER, `${ISSUER}/acme`, 'https://issuer.acme.example'].map((issuer) => ({
    identity,
    issuer,
  })),
);

const trusted: readonly PolicyIdentity[] = [
  { identity: RELEASE, issuer: ISSUER },
  { identityPattern: 'https://github\\.com/acme/.+', issuer: ISSUER },
  {
    identityPattern: '^https://github[.]com/acme/app/.*@refs/tags/v\\d+(\\.\\d+)*$',
    issuer: ISSUER,
  },
  { identityPattern: `(?i)\\Q${RELEASE}\\E`, issuer: ISSUER },
  { identityPattern: 'https://github\\.com/acme/|ci@acme\\.example', issuer: ISSUER },
  {
    identityPattern: '(?m)^ci@(?:[a-z]+\\.)?acme\\.example$',
    issuerPattern:
      'https://(?:issuer\\.acme\\.example|token\\.actions\\.githubusercontent\\.com(?:/acme)?)',
  },
  { identity: 'a*b', issuer: ISSUER },
  { identity: RELEASE, issuerPattern: '\\Ahttps://issuer\\.acme\\.example\\z' },
  { identityPattern: 'https://github\\.com/acme/.+(?s:.)', issuer: ISSUER },
];

/** What the engines do with an expression: they search for a match anywhere in the text. */
const finds = (expression: string, text: string): boolean => RE2JS.compile(expression).test(text);

function admits(conditions: Conditions, { identity, issuer, claims = {} }: Signer): boolean {
  const side = (
    exact: string | undefined,
    expression: string | undefined,
    text: string,
  ): boolean => (exact === undefined ? finds(expression!, text) : exact === text);
  return (
    side(conditions.subject, conditions.subjectRegExp, identity) &&
    side(conditions.issuer, conditions.issuerRegExp, issuer) &&
    Object.entries(conditions.additionalExtensions ?? {}).every(
      ([name, value]) => claims[name] === value,
    )
  );
}

type Engine = (identity: PolicyIdentity) => Conditions;

const args = (
  identity: PolicyIdentity,
  more: Partial<SignerPolicyArgs> = {},
): SignerPolicyArgs => ({
  ...KEYLESS,
  identities: [identity],
  ...more,
});

const clusterPolicy = (identity: PolicyIdentity): Conditions =>
  at(
    kyvernoClusterPolicy(args(identity, { format: 'legacy' })).manifests[0],
    'rules.0.verifyImages.0.attestors.0.entries.0.keyless',
  ) as Conditions;

const ENGINES: Readonly<Record<string, Engine>> = {
  'a Kyverno ImageValidatingPolicy': (identity) =>
    at(
      kyvernoPolicy(args(identity)).manifests[0],
      'attestors.0.cosign.keyless.identities.0',
    ) as Conditions,
  'a Kyverno ClusterPolicy': clusterPolicy,
  'policy-controller': (identity) =>
    at(
      policyControllerPolicy(args(identity)).manifests[0],
      'authorities.0.keyless.identities.0',
    ) as Conditions,
  Flux: (identity) => {
    const images = ['registry.example.com/acme/app'];
    const [match] = fluxVerification(args(identity, { images })).verify.matchOIDCIdentity!;
    return { subjectRegExp: match!.subject, issuerRegExp: match!.issuer };
  },
  'rekor-monitor': (identity) => {
    const config = load(rekorMonitorConfig({ keys: [], identities: [identity] })) as {
      monitoredValues: { certIdentities: { certSubject: string; issuers: string[] }[] };
    };
    const [match] = config.monitoredValues.certIdentities;
    return { subjectRegExp: match!.certSubject, issuerRegExp: match!.issuers[0]! };
  },
};

describe.each(Object.entries(ENGINES))('%s', (_, engine) => {
  test.each(trusted)('admits what a verification accepts, and nothing else: %j', (identity) => {
    const matcher = new IdentityMatcher(identity);
    const conditions = engine(identity);
    const different = certificates.filter(
      (signer) => matcher.matches(signer) !== admits(conditions, signer),
    );
    expect(different).toEqual([]);
    // The pairs have both answers, except where no certificate is from that issuer.
    expect(certificates.some((signer) => !matcher.matches(signer))).toBe(true);
    expect(certificates.some((signer) => matcher.matches(signer))).toBe(true);
  });
});

describe('claims', () => {
  const identity = { identityPattern: 'https://github\\.com/acme/.+', issuer: ISSUER };
  const claims = { githubWorkflowTrigger: 'push', githubWorkflowRef: 'refs/tags/v1' };
  const found: readonly NonNullable<Signer['claims']>[] = [
    {},
    claims,
    { ...claims, githubWorkflowName: 'other' },
    { ...claims, githubWorkflowRef: 'refs/tags/v2' },
    { githubWorkflowTrigger: 'push' },
  ];
  const signers: readonly Signer[] = found.map((each) => ({
    identity: RELEASE,
    issuer: ISSUER,
    claims: each,
  }));

  test('are compared by a Kyverno ClusterPolicy as by a verification', () => {
    const matcher = new IdentityMatcher({ ...identity, claims });
    const conditions = clusterPolicy({ ...identity, claims });
    const verdicts = signers.map((signer) => {
      const fault = matcher.claimFault(
        (name) => (signer.claims as Record<string, string> | undefined)?.[name],
      );
      return [matcher.matches(signer) && fault === undefined, admits(conditions, signer)];
    });
    expect(verdicts.map(([here, there]) => here === there)).not.toContain(false);
    expect(verdicts.map(([here]) => here)).toEqual([false, true, true, false, false]);
  });

  const refused = (generate: (identity: PolicyIdentity) => unknown): readonly string[] =>
    problemsOf(() =>
      generate({
        ...identity,
        claims: { runnerEnvironment: 'github-hosted' },
        claimPatterns: { sourceRef: 'refs/tags/v.+' },
      }),
    );

  test.each(Object.entries(ENGINES))(
    'that %s does not compare are refused, each on its property',
    (_, engine) => {
      expect(refused(engine)).toEqual([
        expect.stringMatching(/^identities\[0\]\.claims\.runnerEnvironment: cannot be /),
        expect.stringMatching(/^identities\[0\]\.claimPatterns\.sourceRef: cannot be /),
      ]);
    },
  );

  test('are refused by a Kyverno ClusterPolicy for bundles, and with wildcards', () => {
    const bundles = problemsOf(() => kyvernoClusterPolicy(args({ ...identity, claims })));
    expect(bundles).toEqual([
      expect.stringMatching(/claims\.githubWorkflowTrigger: .* only in the format "legacy"/),
      expect.stringMatching(/claims\.githubWorkflowRef: .* only in the format "legacy"/),
    ]);
    const wild = { githubWorkflowName: 'release *' };
    expect(problemsOf(() => clusterPolicy({ ...identity, claims: wild }))).toEqual([
      expect.stringMatching(/claims\.githubWorkflowName: contains "\*" or "\?"/),
    ]);
  });
});
