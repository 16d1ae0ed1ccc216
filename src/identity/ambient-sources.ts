import type { Host } from '../host/host';
import { buildkiteSource, hasBuildkiteCredential } from './buildkite';
import { circleCiSource, isOnCircleCi } from './circleci';
import { githubActionsSource, hasGithubActionsCredential } from './github-actions';
import { GOOGLE_ACCOUNT_VARIABLE, googleImpersonationSource } from './google-impersonation';
import { googleMetadataSource, isOnGoogleCloud } from './google-metadata';
import type { TokenSource } from './identity-provider';
import type {
  IdentityProviderName,
  InteractiveProviderName,
  KeylessConfig,
} from './keyless-config';
import { hasSpiffeAgent, spiffeSource } from './spiffe';
import {
  COSIGN_TOKEN_FILE,
  SIGSTORE_TOKEN_VARIABLE,
  environmentTokenSource,
  fileTokenSource,
  gitlabCiSource,
  kubernetesTokenSource,
} from './stored-token';

/** The inputs of a token source. */
export interface SourceContext {
  readonly config: KeylessConfig;
  readonly audience: string;
  readonly host: Host;
  /** The property that selected the source, if no property of its own did. */
  readonly property: string;
}

/** A source of ambient credentials: tokens that are available without a user. */
export interface AmbientSource {
  readonly name: Exclude<IdentityProviderName, InteractiveProviderName | 'auto'>;
  /** What was not found, for the error that lists the sources that were tried. */
  readonly absent: string;
  readonly isAvailable: (host: Host) => boolean | Promise<boolean>;
  readonly source: (context: SourceContext) => TokenSource;
}

const hasVariable = ({ env }: Host): boolean => Boolean(env[SIGSTORE_TOKEN_VARIABLE]);

const hasCosignFile = ({ readFile }: Host): Promise<boolean> =>
  readFile(COSIGN_TOKEN_FILE).then(
    () => true,
    () => false,
  );

/** Returns the declared file or variable, else the default, and the property to report errors on. */
function locationOf(
  declared: string | undefined,
  defaultLocation: string,
  member: 'tokenFile' | 'tokenEnv',
  { property }: SourceContext,
): readonly [string, string] {
  return declared === undefined ? [defaultLocation, property] : [declared, `keyless.${member}`];
}

const fileLocation = (context: SourceContext): readonly [string, string] =>
  locationOf(context.config.tokenFile, COSIGN_TOKEN_FILE, 'tokenFile', context);

const variableLocation = (context: SourceContext): readonly [string, string] =>
  locationOf(context.config.tokenEnv, SIGSTORE_TOKEN_VARIABLE, 'tokenEnv', context);

/**
 * In the order in which `auto` tries them: CI systems (GitHub first, as in cosign: its runners are
 * machines that have identities of their own), then tokens provided for this purpose, then the
 * identity of the machine.
 */
export const AMBIENT_SOURCES: readonly AmbientSource[] = [
  {
    name: 'github-actions',
    absent: 'GitHub Actions (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN are not both set)',
    isAvailable: hasGithubActionsCredential,
    source: ({ host, audience }) => githubActionsSource(host, audience),
  },
  {
    name: 'gitlab-ci',
    absent: `GitLab CI (GITLAB_CI and ${SIGSTORE_TOKEN_VARIABLE} are not both set)`,
    isAvailable: (host) => host.env['GITLAB_CI'] === 'true' && hasVariable(host),
    source: (context) =>
      gitlabCiSource(...variableLocation(context), context.host, context.audience),
  },
  {
    name: 'buildkite',
    absent: 'Buildkite (BUILDKITE_AGENT_ACCESS_TOKEN and BUILDKITE_JOB_ID are not both set)',
    isAvailable: hasBuildkiteCredential,
    source: ({ host, audience }) => buildkiteSource(host, audience),
  },
  {
    name: 'circleci',
    absent: 'CircleCI (CIRCLECI is not set)',
    isAvailable: isOnCircleCi,
    source: ({ host, audience }) => circleCiSource(host, audience),
  },
  {
    name: 'env',
    absent: `${SIGSTORE_TOKEN_VARIABLE} (not set)`,
    isAvailable: hasVariable,
    source: (context) => environmentTokenSource(...variableLocation(context), context.host),
  },
  {
    name: 'kubernetes',
    absent: `${COSIGN_TOKEN_FILE} (cannot be read)`,
    isAvailable: async (host) =>
      Boolean(host.env['KUBERNETES_SERVICE_HOST']) && (await hasCosignFile(host)),
    source: (context) =>
      kubernetesTokenSource(...fileLocation(context), context.host, context.audience),
  },
  {
    name: 'file',
    absent: '',
    isAvailable: hasCosignFile,
    source: (context) => fileTokenSource(...fileLocation(context), context.host),
  },
  {
    name: 'google-impersonation',
    absent: `${GOOGLE_ACCOUNT_VARIABLE} (not set)`,
    isAvailable: ({ env }) => Boolean(env[GOOGLE_ACCOUNT_VARIABLE]),
    source: ({ host, audience }) => googleImpersonationSource(host, audience),
  },
  {
    name: 'google',
    absent: 'Google Cloud (not one of its machines)',
    isAvailable: isOnGoogleCloud,
    source: ({ host, audience }) => googleMetadataSource(host, audience),
  },
  {
    name: 'spiffe',
    absent:
      'SPIFFE (SPIFFE_ENDPOINT_SOCKET is not set, and no agent was found at the default path)',
    isAvailable: hasSpiffeAgent,
    source: ({ host, audience }) => spiffeSource(host, audience),
  },
];
