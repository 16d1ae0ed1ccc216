import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts } from './ci-system';
import { hostAndPath, namedRef, pullRef, requestFacts, UNKNOWN_REF } from './ref-facts';

/** https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html */
export const awsCodebuild: CiSystem = {
  name: 'aws-codebuild',
  documentation:
    'https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html',
  detect: (env) => {
    if (textOf(env, 'CODEBUILD_BUILD_ARN', 'CODEBUILD_BUILD_ID') === undefined) return undefined;
    const region = textOf(env, 'AWS_REGION', 'AWS_DEFAULT_REGION');
    return omitUndefined({
      commit: textOf(env, 'CODEBUILD_RESOLVED_SOURCE_VERSION'),
      ...refFacts(env),
      repository: textOf(env, 'CODEBUILD_SOURCE_REPO_URL'),
      builder: omitUndefined({
        id: selfReportedId('aws-codebuild', region && `https://codebuild.${region}.amazonaws.com`),
        system: 'aws-codebuild' as const,
        // Other builds have an ARN only.
        invocation: textOf(env, 'CODEBUILD_PUBLIC_BUILD_URL'),
        user: textOf(env, 'CODEBUILD_INITIATOR'),
      }),
    });
  },
};

/**
 * A webhook sets `CODEBUILD_WEBHOOK_TRIGGER` (`branch/...`, `tag/...`, `pr/...`) and, for a request, the head's
 * branch in `CODEBUILD_WEBHOOK_HEAD_REF`; no variable has the head's repository. Otherwise
 * `CODEBUILD_SOURCE_VERSION` is what the build was started with: a name in it may be a branch or a tag.
 */
function refFacts(env: Env): RefFacts {
  const trigger = textOf(env, 'CODEBUILD_WEBHOOK_TRIGGER') ?? '';
  const version = textOf(env, 'CODEBUILD_SOURCE_VERSION') ?? '';
  const request = /^pr\/(\d+)/.exec(trigger) ?? /^pr\/(\d+)/.exec(version);
  const isRequest = textOf(env, 'CODEBUILD_WEBHOOK_EVENT')?.startsWith('PULL_REQUEST') === true;
  if (request || isRequest) {
    const isOnGithub = hostAndPath(textOf(env, 'CODEBUILD_SOURCE_REPO_URL'))?.startsWith('github.');
    return requestFacts({
      ref: isOnGithub === true ? pullRef(request?.[1]) : undefined,
      isOwn: false,
    });
  }
  const [, kind, name] = /^(branch|tag)\/(.+)$/.exec(trigger) ?? [];
  if (kind === 'branch') return { branch: name };
  if (kind === 'tag') return { tag: name };
  const pushed = textOf(env, 'CODEBUILD_WEBHOOK_HEAD_REF');
  if (pushed !== undefined) return namedRef(pushed);
  return version.startsWith('refs/') ? namedRef(version) : UNKNOWN_REF;
}
