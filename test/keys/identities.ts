import {
  buildkiteAgent,
  circleCiJob,
  githubActions,
  gitlabCi,
  googleCloud,
  type IdentityDouble,
  kubernetesPod,
  personAtBrowser,
  spiffeAgent,
  storedToken,
} from '../../dev/identity';
import type { OidcIssuer } from '../../dev/sigstore';
import type { KeylessConfig } from '../../src/sign';
import type { RunningSource, SourceCase } from './source-case';

type Place = Pick<IdentityDouble, 'env' | 'identity' | 'stop'>;

/** One identity: the double of its provider, and the user's inputs. */
interface Case {
  readonly source: string;
  readonly open: (issuer: OidcIssuer) => Place | Promise<Place>;
  readonly keyless: (place: Place) => KeylessConfig;
}

const named = (provider: NonNullable<KeylessConfig['provider']>) => (): KeylessConfig => ({
  provider,
});
const detected = (): KeylessConfig => ({});

async function impersonation(issuer: OidcIssuer): Promise<Place> {
  const cloud = await googleCloud(issuer);
  return { ...cloud.impersonation, stop: () => cloud.stop() };
}

/** Google's library finds its credential file by the environment of the process. */
async function federation(issuer: OidcIssuer): Promise<Place> {
  const cloud = await googleCloud(issuer);
  const { env } = cloud.federation;
  Object.assign(process.env, env);
  return {
    ...cloud.federation,
    stop: async () => {
      for (const name of Object.keys(env)) delete process.env[name];
      await cloud.stop();
    },
  };
}

const person = (issuer: OidcIssuer): Place => ({
  env: {},
  identity: { identity: issuer.login.email, issuer: issuer.url },
  stop: async () => undefined,
});
const signIn =
  (provider: 'browser' | 'device') =>
  ({ identity: { issuer } }: Place): KeylessConfig => ({ provider, issuer });

const inFile =
  (provider: 'kubernetes' | 'file') =>
  (place: Place): KeylessConfig => ({
    provider,
    tokenFile: (place as Awaited<ReturnType<typeof kubernetesPod>>).tokenFile,
  });

const CASES: readonly Case[] = [
  { source: 'github-actions', open: githubActions, keyless: named('github-actions') },
  { source: 'github-actions (auto)', open: githubActions, keyless: detected },
  { source: 'gitlab-ci', open: (issuer) => gitlabCi(issuer), keyless: named('gitlab-ci') },
  { source: 'gitlab-ci (auto)', open: (issuer) => gitlabCi(issuer), keyless: detected },
  { source: 'buildkite', open: buildkiteAgent, keyless: named('buildkite') },
  { source: 'buildkite (auto)', open: buildkiteAgent, keyless: detected },
  { source: 'circleci', open: circleCiJob, keyless: named('circleci') },
  { source: 'circleci (auto)', open: circleCiJob, keyless: detected },
  { source: 'env', open: storedToken, keyless: named('env') },
  { source: 'kubernetes', open: (issuer) => kubernetesPod(issuer), keyless: inFile('kubernetes') },
  { source: 'file', open: (issuer) => kubernetesPod(issuer), keyless: inFile('file') },
  {
    source: 'google-impersonation (metadata server)',
    open: impersonation,
    keyless: named('google-impersonation'),
  },
  {
    source: 'google-impersonation (workload identity federation)',
    open: federation,
    keyless: detected,
  },
  { source: 'google (metadata server)', open: googleCloud, keyless: named('google') },
  { source: 'google (auto)', open: googleCloud, keyless: detected },
  { source: 'spiffe', open: spiffeAgent, keyless: named('spiffe') },
  { source: 'spiffe (auto)', open: spiffeAgent, keyless: detected },
  { source: 'browser', open: person, keyless: signIn('browser') },
  { source: 'device', open: person, keyless: signIn('device') },
];

async function start({ open, keyless }: Case, issuer: OidcIssuer): Promise<RunningSource> {
  const place = await open(issuer);
  return {
    config: { keyless: keyless(place) },
    env: place.env,
    host: { interactiveLogin: personAtBrowser() },
    identity: place.identity,
    stop: () => place.stop(),
  };
}

/** All identities, each against its double. */
export const IDENTITY_CASES: readonly SourceCase[] = CASES.map((each) => ({
  source: each.source,
  against: 'double',
  start: ({ sigstore }) => start(each, sigstore.issuer),
}));
