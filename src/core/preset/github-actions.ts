import { PresetProblems } from './preset-problems';
import { type PresetIdentity, workflowSigner } from './workflow-signer';

/** Where a job ran. */
export type GithubRunnerEnvironment = 'github-hosted' | 'self-hosted';

export interface GithubActionsArgs {
  /** Repository whose workflow run signed: `owner/name`. */
  readonly repository: string;
  /**
   * File of the workflow that contains the signing job: the name of a file in the repository's `.github/workflows`, or
   * `owner/name/.github/workflows/file.yml` for a reusable workflow of another repository.
   */
  readonly workflow: string;
  /**
   * Git reference of the run: `refs/heads/main`, `refs/tags/v*`. `*` is any text without a slash, `**` any text.
   */
  readonly ref: string;
  /**
   * Git reference of the reusable workflow of another repository, as the caller's `uses:` names it, or a commit.
   * Required with such a workflow, otherwise not allowed.
   */
  readonly workflowRef?: string | undefined;
  /** Required runner. Default: any. */
  readonly runnerEnvironment?: GithubRunnerEnvironment | undefined;
  /**
   * Requires the subject and the issuer only, for engines that do not compare claims (policy-controller, Flux). A
   * repository that may call the workflow (`workflow_call`) can then sign as well. Default: false.
   */
  readonly subjectOnly?: boolean | undefined;
  /** Default: `https://github.com`. A server of GitHub Enterprise needs an issuer and a Fulcio of its own. */
  readonly server?: string | undefined;
  /** OIDC issuer. Default: that of github.com. */
  readonly issuer?: string | undefined;
}

const REPOSITORY = /^[\w.-]+\/[\w.-]+$/;
const FILE = /^[^/\s@*]+\.ya?ml$/;
const FOREIGN_FILE = /^([\w.-]+\/[\w.-]+)\/\.github\/workflows\/[^/\s@*]+\.ya?ml$/;
const COMMIT = /^[0-9a-f]{40}$/;

/**
 * The identity of a workflow of GitHub Actions that signs without a key, for `identities`.
 *
 * https://github.com/sigstore/fulcio/blob/main/docs/oidc.md#github
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export function githubActions(args: GithubActionsArgs): PresetIdentity {
  const { repository, workflow, ref, workflowRef, runnerEnvironment, subjectOnly } = args;
  const server = args.server ?? 'https://github.com';
  const issuer = args.issuer ?? 'https://token.actions.githubusercontent.com';
  const foreign = FOREIGN_FILE.exec(String(workflow))?.[1];
  const isForeign = foreign !== undefined && foreign !== repository;
  const problems = new PresetProblems();
  problems.checkText('repository', repository, REPOSITORY, 'must be owner/name');
  if (foreign === undefined) {
    const message =
      'must be the name of a file in .github/workflows, for example release.yml, or owner/name/.github/workflows/file.yml';
    problems.checkText('workflow', workflow, FILE, message);
  }
  problems.checkRef('ref', ref);
  if (isForeign && !COMMIT.test(String(workflowRef))) problems.checkRef('workflowRef', workflowRef);
  if (!isForeign && workflowRef !== undefined)
    problems.report('workflowRef', 'is only for a reusable workflow of another repository');
  problems.checkRunner(args, 'github-hosted');
  if (subjectOnly === true && isForeign)
    problems.report(
      'subjectOnly',
      'must be false: the subject does not name the calling repository',
    );
  problems.checkServer('server', server);
  problems.checkText('issuer', issuer, /^https:\/\/\S+$/, 'must be a URL with https');
  problems.throwIfAny();

  const path = foreign === undefined ? `${repository}/.github/workflows/${workflow}` : workflow;
  return workflowSigner({
    file: `${server}/${path}`,
    fileRef: workflowRef ?? ref,
    issuer,
    repository: `${server}/${repository}`,
    ref,
    runnerEnvironment,
    subjectOnly,
  });
}
