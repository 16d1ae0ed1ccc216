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

/** What a source is made of. */
export interface SourceContext {
  readonly config: KeylessConfig;
  readonly audience: string;
  readonly host: Host;
  /** The property that chose it, where it was not one of its own. */
  readonly property: string;
}

/** A place that may have a token for whatever runs here, without a person. */
export interface AmbientSource {
  readonly name: Exclude<IdentityProviderName, InteractiveProviderName | 'auto'>;
  /** What was not found, for the error that says what was tried. */
  readonly absent: string;
  readonly isThere: (host: Host) => boolean | Promise<boolean>;
  readonly source: (context: SourceContext) => TokenSource;
}

const hasVariable = ({ env }: Host): boolean => Boolean(env[SIGSTORE_TOKEN_VARIABLE]);

const hasCosignFile = ({ readFile }: Host): Promise<boolean> =>
  readFile(COSIGN_TOKEN_FILE).then(
    () => true,
    () => false,
  );

/** The file or variable that was declared, else the usual one; errors are told on what chose it. */
function ambientSource(
  declared: string | undefined,
  usual: string,
  member: 'tokenFile' | 'tokenEnv',
  { property }: SourceContext,
): readonly [string, string] {
  return declared === undefined ? [usual, property] : [declared, `keyless.${member}`];
}

const filePlace = (context: SourceContext): readonly [string, string] =>
  ambientSource(context.config.tokenFile, COSIGN_TOKEN_FILE, 'tokenFile', context);

const variablePlace = (context: SourceContext): readonly [string, string] =>
  ambientSource(context.config.tokenEnv, SIGSTORE_TOKEN_VARIABLE, 'tokenEnv', context);

/**
 * In the order in which `auto` looks: CI systems (cosign's first is GitHub as well: its runners
 * stand on machines that have identities of their own), then what somebody put there for this use,
 * then the identity of the machine.
 */
export const AMBIENT_SOURCES: readonly AmbientSource[] = [
  {
    name: 'github-actions',
    absent: 'GitHub Actions (ACTIONS_ID_TOKEN_REQUEST_URL and _TOKEN are not both set)',
    isThere: hasGithubActionsCredential,
    source: ({ host, audience }) => githubActionsSource(host, audience),
  },
  {
    name: 'gitlab-ci',
    absent: `GitLab CI (GITLAB_CI and ${SIGSTORE_TOKEN_VARIABLE} are not both set)`,
    isThere: (host) => host.env['GITLAB_CI'] === 'true' && hasVariable(host),
    source: (context) => gitlabCiSource(...variablePlace(context), context.host, context.audience),
  },
  {
    name: 'buildkite',
    absent: 'Buildkite (BUILDKITE_AGENT_ACCESS_TOKEN and BUILDKITE_JOB_ID are not both set)',
    isThere: hasBuildkiteCredential,
    source: ({ host, audience }) => buildkiteSource(host, audience),
  },
  {
    name: 'circleci',
    absent: 'CircleCI (CIRCLECI is not set)',
    isThere: isOnCircleCi,
    source: ({ host, audience }) => circleCiSource(host, audience),
  },
  {
    name: 'env',
    absent: `${SIGSTORE_TOKEN_VARIABLE} (not set)`,
    isThere: hasVariable,
    source: (context) => environmentTokenSource(...variablePlace(context), context.host),
  },
  {
    name: 'kubernetes',
    absent: `${COSIGN_TOKEN_FILE} (cannot be read)`,
    isThere: async (host) =>
      Boolean(host.env['KUBERNETES_SERVICE_HOST']) && (await hasCosignFile(host)),
    source: (context) =>
      kubernetesTokenSource(...filePlace(context), context.host, context.audience),
  },
  {
    name: 'file',
    absent: '',
    isThere: hasCosignFile,
    source: (context) => fileTokenSource(...filePlace(context), context.host),
  },
  {
    name: 'google-impersonation',
    absent: `${GOOGLE_ACCOUNT_VARIABLE} (not set)`,
    isThere: ({ env }) => Boolean(env[GOOGLE_ACCOUNT_VARIABLE]),
    source: ({ host, audience }) => googleImpersonationSource(host, audience),
  },
  {
    name: 'google',
    absent: 'Google Cloud (not one of its machines)',
    isThere: isOnGoogleCloud,
    source: ({ host, audience }) => googleMetadataSource(host, audience),
  },
  {
    name: 'spiffe',
    absent: 'SPIFFE (SPIFFE_ENDPOINT_SOCKET is not set, and no agent is at the usual place)',
    isThere: hasSpiffeAgent,
    source: ({ host, audience }) => spiffeSource(host, audience),
  },
];
