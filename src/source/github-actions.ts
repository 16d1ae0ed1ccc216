import { selfReportedId } from './builder-id';
import { type Detector, present, textOf } from './detected';

/** https://docs.github.com/actions/reference/variables-reference#default-environment-variables */
export const detectGithubActions: Detector = (env) => {
  if (env['GITHUB_ACTIONS'] !== 'true') return undefined;
  const server = textOf(env, 'GITHUB_SERVER_URL') ?? 'https://github.com';
  const slug = textOf(env, 'GITHUB_REPOSITORY');
  const repository = slug && `${server}/${slug}`;
  const run = textOf(env, 'GITHUB_RUN_ID');
  const attempt = textOf(env, 'GITHUB_RUN_ATTEMPT');
  // In a pull request the ref name is `<number>/merge`; the branch is the head's.
  const onTag = env['GITHUB_REF_TYPE'] === 'tag';
  const branch =
    textOf(env, 'GITHUB_HEAD_REF') ?? (onTag ? undefined : textOf(env, 'GITHUB_REF_NAME'));
  // `github-hosted` or `self-hosted`, as the runner says; anything else is not repeated.
  const environment = /^(?:github|self)-hosted$/.exec(env['RUNNER_ENVIRONMENT'] ?? '')?.[0];
  return present({
    commit: textOf(env, 'GITHUB_SHA'),
    branch,
    repository,
    builder: present({
      id: selfReportedId('github-actions', server, environment),
      system: 'github-actions' as const,
      invocation:
        repository &&
        run &&
        `${repository}/actions/runs/${run}${attempt ? `/attempts/${attempt}` : ''}`,
      user: textOf(env, 'GITHUB_ACTOR'),
    }),
  });
};
