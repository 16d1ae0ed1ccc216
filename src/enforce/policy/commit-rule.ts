import { InvalidInputError } from '../../error';
import { expectationOf } from '../../pulumi/provenance-expectation';
import { UNKNOWN } from '../workload';
import type { StackResource } from './stack-resource';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where CI systems tell the commit of the run. */
const VARIABLES = ['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT'];
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * The commit that is being deployed: the declared one, else the one of the CI run.
 *
 * @throws InvalidInputError when there is none, or it is not a full commit id
 */
export function deployedCommit(declared: string | undefined, environment: Environment): string {
  const commit = (
    declared ?? VARIABLES.map((name) => environment[name]).find((value) => value)
  )?.toLowerCase();
  if (commit !== undefined && COMMIT.test(commit)) return commit;
  const message =
    commit === undefined
      ? `is needed: the commit that is being deployed; none of ${VARIABLES.join(', ')} is set`
      : `${JSON.stringify(commit)} is not a full commit id: 40 or 64 hex digits`;
  throw new InvalidInputError([{ property: 'commit', code: 'INPUT_INVALID', message }]);
}

/** The commit in the provenance that a verification has verified; `UNKNOWN` before the update. */
export function verifiedCommit({ properties }: StackResource): unknown {
  const provenance = properties['verifiedProvenance'];
  return typeof provenance === 'string' ? expectationOf(provenance).commit : provenance;
}

/**
 * Why an image is not from the commit; `undefined` if it is, or if a preview cannot tell.
 *
 * @param commits of each verification of the image, as far as known
 */
export function commitProblem(commits: readonly unknown[], expected: string): string | undefined {
  if (commits.some((commit) => commit === UNKNOWN || commit === expected)) return undefined;
  const others = commits.filter((commit) => typeof commit === 'string');
  return others.length > 0
    ? `was built from commit ${others.join(', ')}, and not from ${expected}`
    : `has no verified provenance that names a commit, so it is not known to be from ${expected}`;
}
