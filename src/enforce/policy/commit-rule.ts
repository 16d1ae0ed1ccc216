import { InvalidInputError } from '../../error';
import { expectationOf } from '../../pulumi/provenance-expectation';
import { UNKNOWN } from '../workload';
import type { StackResource } from './stack-resource';

type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables with the commit of a CI run. */
const VARIABLES = ['GITHUB_SHA', 'CI_COMMIT_SHA', 'GIT_COMMIT'];
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Returns the commit that is being deployed: the declared commit, otherwise that of the CI run.
 *
 * @throws InvalidInputError if the commit is missing or not a full commit id
 */
export function deployedCommit(declared: string | undefined, environment: Environment): string {
  const commit = (
    declared ?? VARIABLES.map((name) => environment[name]).find((value) => value)
  )?.toLowerCase();
  if (commit !== undefined && COMMIT.test(commit)) return commit;
  const message =
    commit === undefined
      ? `is required: the commit that is being deployed; none of ${VARIABLES.join(', ')} is set`
      : `${JSON.stringify(commit)} is not a full commit id of 40 or 64 hex digits`;
  throw new InvalidInputError([{ property: 'commit', code: 'INPUT_INVALID', message }]);
}

/** Returns the commit in the verified provenance of a verification; `UNKNOWN` before the update. */
export function verifiedCommit({ properties }: StackResource): unknown {
  const provenance = properties['verifiedProvenance'];
  return typeof provenance === 'string' ? expectationOf(provenance).commit : provenance;
}

/**
 * Returns why an image is not from the commit; `undefined` if it is, or if it is not known in a preview.
 *
 * @param commits the commits of each verification of the image, as far as known
 */
export function commitProblem(commits: readonly unknown[], expected: string): string | undefined {
  if (commits.some((commit) => commit === UNKNOWN || commit === expected)) return undefined;
  const others = commits.filter((commit) => typeof commit === 'string');
  return others.length > 0
    ? `was built from commit ${others.join(', ')}, not from ${expected}`
    : `has no verified provenance with a commit; expected ${expected}`;
}
