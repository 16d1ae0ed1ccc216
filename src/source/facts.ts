/** The facts of source and build, used for both annotations and provenance. */
export interface SourceFacts {
  /** Full hex object id of the commit. */
  readonly commit?: string;
  /** Name of the branch in `repository`; never a branch of a fork. */
  readonly branch?: string;
  /** Name of the tag that was built. */
  readonly tag?: string;
  /** The full ref if it is neither `branch` nor `tag`, such as `refs/pull/5/merge`. */
  readonly ref?: string;
  /** Repository URL without credentials. */
  readonly repository?: string;
  /** Folder of the build context in the repository, with `/`; absent at its top. */
  readonly path?: string;
  /**
   * The repository that has this one as a submodule, as `git+https://host/path@<commit>#<folder of the submodule>`.
   */
  readonly superproject?: string;
  /** The fork of a pull or merge request, as reported by the CI system. */
  readonly headRepository?: string;
  /** Whether the files differed from the commit; absent if this was not checked. */
  readonly dirty?: boolean;
  readonly builder: BuilderFacts;
  /** Warnings for the log; never signed. */
  readonly warnings?: readonly string[];
}

/** The names of the CI systems that are detected (src/source/ci/registry.ts). */
export type CiName =
  | 'argo-workflows'
  | 'aws-codebuild'
  | 'azure-pipelines'
  | 'bitbucket-pipelines'
  | 'buildkite'
  | 'circleci'
  | 'codefresh'
  | 'drone'
  | 'forgejo-actions'
  | 'gitea-actions'
  | 'github-actions'
  | 'gitlab-ci'
  | 'google-cloud-build'
  | 'jenkins'
  | 'pulumi-deployments'
  | 'semaphore'
  | 'teamcity'
  | 'tekton'
  | 'travis'
  | 'woodpecker';

export interface BuilderFacts {
  /**
   * URI for `runDetails.builder.id`. It identifies the platform that ran the build and never claims a
   * hosted builder that did not run it.
   */
  readonly id: string;
  /** The detected system. */
  readonly system: CiName | 'git' | 'none';
  /** URL of this run, if the CI system reports one. */
  readonly invocation?: string;
  /** The user who started the run, as reported by the CI system. */
  readonly user?: string;
}

/** The declared facts, which take precedence over detected ones. */
export interface SourceOverrides {
  readonly commit?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly ref?: string;
  readonly repository?: string;
  readonly builder?: string;
  /** A folder of the work tree that is the source, relative to the program's folder. */
  readonly directory?: string;
  /** Sign even if the work tree differs from the commit; the difference is recorded. */
  readonly allowDirty?: boolean;
}
