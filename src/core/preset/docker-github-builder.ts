import { githubActions } from './github-actions';
import { PresetProblems } from './preset-problems';
import type { PresetIdentity } from './workflow-signer';

export interface DockerGithubBuilderArgs {
  /** Repository whose workflow called the builder: `owner/name`. */
  readonly repository: string;
  /** Git reference of the run: `refs/heads/main`, `refs/tags/v*`. `*` is any text without a slash, `**` any text. */
  readonly ref: string;
  /** Which workflow of the builder: `build` for a Dockerfile, `bake` for a Bake file. Default: `build`. */
  readonly workflow?: 'build' | 'bake' | undefined;
  /**
   * Git reference of the builder, or the commit if the caller's `uses:` names one. Default: `refs/tags/v*`, every
   * released version.
   */
  readonly builderRef?: string | undefined;
}

/**
 * The identity of `docker/github-builder`, a reusable workflow that builds an image and signs BuildKit's attestations
 * of it: for the `identities` of a requirement with a `predicateType`.
 *
 * https://github.com/docker/github-builder
 *
 * @throws InvalidInputError with all problems, each on its property
 */
export function dockerGithubBuilder(args: DockerGithubBuilderArgs): PresetIdentity {
  const { repository, ref, workflow = 'build', builderRef = 'refs/tags/v*' } = args;
  const problems = new PresetProblems();
  problems.checkText('workflow', workflow, /^(build|bake)$/, 'must be build or bake');
  problems.throwIfAny();
  return githubActions({
    repository,
    ref,
    workflow: `docker/github-builder/.github/workflows/${workflow}.yml`,
    workflowRef: builderRef,
    // The builder's own guarantees hold on GitHub's machines only.
    runnerEnvironment: 'github-hosted',
  });
}
