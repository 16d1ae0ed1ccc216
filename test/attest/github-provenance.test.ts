import { githubFormProblem, githubProvenanceStatement, sameProvenance } from '../../src/attest';
import { parseDigest, parseReference } from '../../src/oci';
import { parseGithubClaims, type SourceFacts } from '../../src/source';

const CLAIMS = parseGithubClaims({
  sha: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
  ref: 'refs/tags/pkg@1.2.0',
  repository: 'acme/app',
  repository_id: '74',
  repository_owner_id: '65',
  event_name: 'push',
  workflow_ref: 'acme/app/.github/workflows/release.yml@refs/tags/pkg@1.2.0',
  job_workflow_ref: 'acme/workflows/.github/workflows/build.yml@refs/tags/v1',
  runner_environment: 'github-hosted',
  run_id: '1658821493',
  run_attempt: '2',
  actor: 'ada',
})!;
const JOB = { server: 'https://github.com', claims: CLAIMS };
const DIGEST = parseDigest(`sha256:${'b'.repeat(64)}`);
const { repository: REPOSITORY } = parseReference('ghcr.io/acme/app');

/** What buildSLSAProvenancePredicate of actions/toolkit (packages/attest, 2.x) returns for these claims. */
const OF_TOOLKIT = {
  buildDefinition: {
    buildType: 'https://actions.github.io/buildtypes/workflow/v1',
    externalParameters: {
      workflow: {
        ref: 'refs/tags/pkg@1.2.0',
        repository: 'https://github.com/acme/app',
        path: '.github/workflows/release.yml',
      },
    },
    internalParameters: {
      github: {
        event_name: 'push',
        repository_id: '74',
        repository_owner_id: '65',
        runner_environment: 'github-hosted',
      },
    },
    resolvedDependencies: [
      {
        uri: 'git+https://github.com/acme/app@refs/tags/pkg@1.2.0',
        digest: { gitCommit: CLAIMS.sha },
      },
    ],
  },
  runDetails: {
    builder: {
      id: 'https://github.com/acme/workflows/.github/workflows/build.yml@refs/tags/v1',
    },
    metadata: {
      invocationId: 'https://github.com/acme/app/actions/runs/1658821493/attempts/2',
    },
  },
};

test('the statement is that of actions/attest-build-provenance', () => {
  expect(githubProvenanceStatement(DIGEST, REPOSITORY, JOB)).toEqual({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ name: 'ghcr.io/acme/app', digest: { sha256: 'b'.repeat(64) } }],
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: OF_TOOLKIT,
  });
});

test('another attempt of the same run is the same provenance, and another event is not', () => {
  const again = { ...JOB, claims: { ...CLAIMS, run_attempt: '3' } };
  const manual = { ...JOB, claims: { ...CLAIMS, event_name: 'workflow_dispatch' } };
  const predicateOf = (job: typeof JOB) =>
    githubProvenanceStatement(DIGEST, REPOSITORY, job).predicate;
  expect(sameProvenance(OF_TOOLKIT, predicateOf(again))).toBe(true);
  expect(sameProvenance(OF_TOOLKIT, predicateOf(manual))).toBe(false);
});

describe('a build is described by it', () => {
  const facts: SourceFacts = {
    commit: CLAIMS.sha,
    repository: 'https://github.com/acme/app.git',
    dirty: false,
    builder: { id: 'urn:x', system: 'github-actions' },
  };

  test('if it is of the commit and the repository of the workflow', () => {
    expect(githubFormProblem(JOB, facts, {})).toBeUndefined();
  });

  test.each([
    ['without a job', undefined, {}, {}, /identity token/],
    ['of changed files', JOB, { dirty: true }, {}, /work tree/],
    ['of another commit', JOB, { commit: 'b'.repeat(40) }, {}, /another commit/],
    ['of a second checkout', JOB, { repository: 'https://github.com/acme/lib' }, {}, /repository/],
    ['with a builder id', JOB, {}, { builderId: 'urn:x' }, /builderId/],
    ['with parameters', JOB, {}, { parameters: { team: 'a' } }, /parameters/],
  ] as const)('and not %s', (_, job, changed, declared, problem) => {
    expect(githubFormProblem(job, { ...facts, ...changed }, declared)).toMatch(problem);
  });
});

test('claims without one that the statement has are not those of a job', () => {
  const { job_workflow_ref: _, ...rest } = CLAIMS;
  expect(parseGithubClaims(rest)).toBeUndefined();
  expect(parseGithubClaims({ ...CLAIMS, sha: 7 })).toBeUndefined();
});
