import { type Digest, hexOf } from '../oci/digest';
import { formatRepository, type Repository } from '../oci/reference';
import type { GithubClaims, SourceFacts } from '../source';
import type { ProvenancePredicate } from './provenance';
import { PROVENANCE_PREDICATE_TYPE, STATEMENT_TYPE, type Statement } from './statement';

/** https://actions.github.io/buildtypes/workflow/v1 */
export const GITHUB_BUILD_TYPE = 'https://actions.github.io/buildtypes/workflow/v1';

/** A job of GitHub Actions, by the identity token that signs. */
export interface GithubJob {
  /** The address of the server: `https://github.com`. */
  readonly server: string;
  readonly claims: GithubClaims;
}

/** The parts of a declaration that the build type of GitHub has no place for. */
export interface OwnParameters {
  readonly builderId?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>>;
}

/**
 * Returns why a statement of this build type would not describe a build; `undefined` if it does. The statement has
 * the commit of the workflow as its only source: the build must be of this commit.
 */
export function githubFormProblem(
  job: GithubJob | undefined,
  facts: SourceFacts,
  { builderId, parameters = {} }: OwnParameters,
): string | undefined {
  if (job === undefined) {
    return 'the image is not signed with the identity token of a job in GitHub Actions';
  }
  const { sha, repository } = job.claims;
  if (facts.dirty === true) return 'the work tree differs from its commit';
  if (facts.commit !== sha.toLowerCase()) {
    return 'the source is at another commit than the workflow';
  }
  if (!isRepository(facts.repository, `${job.server}/${repository}`)) {
    return 'the source is another repository than that of the workflow';
  }
  if (builderId !== undefined) return '`provenance.builderId` is declared';
  if (Object.keys(parameters).length > 0) return '`provenance.parameters` is declared';
  return undefined;
}

function isRepository(found: string | undefined, expected: string): boolean {
  return found?.replace(/\.git$/, '').toLowerCase() === expected.toLowerCase();
}

/**
 * Creates the statement of one manifest as `actions/attest-build-provenance` does: every member is a claim of the
 * token with which the statement is signed, so that a verifier finds the same values in the certificate.
 *
 * https://github.com/actions/toolkit/blob/main/packages/attest/src/provenance.ts
 */
export function githubProvenanceStatement(
  digest: Digest,
  repository: Repository,
  { server, claims }: GithubJob,
): Statement<ProvenancePredicate> {
  const source = `${server}/${claims.repository}`;
  const { path, ref } = workflowOf(claims);
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: formatRepository(repository), digest: { sha256: hexOf(digest) } }],
    predicateType: PROVENANCE_PREDICATE_TYPE,
    predicate: {
      buildDefinition: {
        buildType: GITHUB_BUILD_TYPE,
        externalParameters: { workflow: { ref, repository: source, path } },
        internalParameters: {
          github: {
            event_name: claims.event_name,
            repository_id: claims.repository_id,
            repository_owner_id: claims.repository_owner_id,
            runner_environment: claims.runner_environment,
          },
        },
        resolvedDependencies: [
          { uri: `git+${source}@${claims.ref}`, digest: { gitCommit: claims.sha } },
        ],
      },
      runDetails: {
        builder: { id: `${server}/${claims.job_workflow_ref}` },
        metadata: {
          invocationId: `${source}/actions/runs/${claims.run_id}/attempts/${claims.run_attempt}`,
        },
      },
    },
  };
}

/** Splits `owner/name/.github/workflows/file.yml@refs/heads/main`; a ref may contain `@`. */
function workflowOf({ repository, workflow_ref: workflow }: GithubClaims): {
  readonly path: string;
  readonly ref: string;
} {
  const start = `${repository}/`;
  const rest = workflow.startsWith(start) ? workflow.slice(start.length) : workflow;
  const at = rest.indexOf('@');
  return at < 0 ? { path: rest, ref: '' } : { path: rest.slice(0, at), ref: rest.slice(at + 1) };
}
