import { PresetProblems } from './preset-problems';
import { type PresetIdentity, workflowSigner } from './workflow-signer';

export interface GitlabCiArgs {
  /** Project whose pipeline signed: its full path, for example `group/app` or `group/team/app`. */
  readonly project: string;
  /** Git reference of the pipeline: `refs/heads/main`, `refs/tags/v*`. `*` is any text without a slash, `**` any. */
  readonly ref: string;
  /** Configuration of the pipeline, as the project's setting has it. Default: `.gitlab-ci.yml`. */
  readonly configPath?: string | undefined;
  /** Required runner. Default: any. */
  readonly runnerEnvironment?: 'gitlab-hosted' | 'self-hosted' | undefined;
  /**
   * Requires the subject and the issuer only, for engines that do not compare claims (policy-controller, Flux). A
   * project that uses this project's configuration can then sign as well. Default: false.
   */
  readonly subjectOnly?: boolean | undefined;
  /** Server, which is also the OIDC issuer. Default: `https://gitlab.com`. */
  readonly server?: string | undefined;
  /**
   * Server in the claims of the certificate, which Fulcio takes from its configuration instead of the token. The public
   * instance writes `https://gitlab.com` for every server that it trusts. Default: `server`.
   */
  readonly claimServer?: string | undefined;
}

const PROJECT = /^[\w.-]+(\/[\w.-]+)+$/;

/**
 * The identity of a pipeline of GitLab CI that signs without a key, for `identities`.
 *
 * https://github.com/sigstore/fulcio/blob/main/docs/oidc.md#gitlab
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export function gitlabCi(args: GitlabCiArgs): PresetIdentity {
  const { project, ref, configPath = '.gitlab-ci.yml' } = args;
  const { runnerEnvironment, subjectOnly } = args;
  const server = args.server ?? 'https://gitlab.com';
  const problems = new PresetProblems();
  problems.checkText('project', project, PROJECT, 'must be the full path, for example group/app');
  const pathMessage = 'must be a path in the project, for example .gitlab-ci.yml';
  problems.checkText('configPath', configPath, /^[^/\s@*][^\s@*]*$/, pathMessage);
  problems.checkRef('ref', ref);
  problems.checkRunner(args, 'gitlab-hosted');
  problems.checkServer('server', server);
  const claimServer = args.claimServer ?? server;
  if (args.claimServer !== undefined) problems.checkServer('claimServer', claimServer);
  problems.throwIfAny();
  return workflowSigner({
    // The location of the configuration in GitLab's notation: `project//path`.
    file: `${server}/${project}//${configPath}`,
    fileRef: ref,
    issuer: server,
    repository: `${claimServer}/${project}`,
    ref,
    runnerEnvironment,
    subjectOnly,
  });
}
