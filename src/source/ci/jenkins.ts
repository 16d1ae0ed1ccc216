import { selfReportedId } from '../builder-id';
import { type Env, omitUndefined, textOf } from '../detected';
import type { CiSystem, RefFacts, Surroundings } from './ci-system';
import { jenkinsRequest } from './jenkins-request';

/**
 * https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, the git plugin's
 * GIT_* variables, and the build user vars plugin's BUILD_USER_ID.
 */
export const jenkins: CiSystem = {
  name: 'jenkins',
  documentation:
    'https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables',
  detect: (env, surroundings) => {
    if (!isJenkins(env)) return undefined;
    const declared = textOf(env, 'GIT_URL', 'GIT_URL_1');
    return omitUndefined({
      commit: textOf(env, 'GIT_COMMIT'),
      repository: declared,
      ...(jenkinsRequest(env) ?? refFacts(env, surroundings)),
      builder: omitUndefined({
        id: selfReportedId('jenkins', textOf(env, 'JENKINS_URL', 'BUILD_URL')),
        system: 'jenkins' as const,
        invocation: textOf(env, 'BUILD_URL'),
        user: textOf(env, 'BUILD_USER_ID', 'BUILD_USER'),
      }),
    });
  },
};

/** Many tools set GIT_COMMIT; together with BUILD_URL it identifies Jenkins. */
function isJenkins(env: Env): boolean {
  if (textOf(env, 'JENKINS_URL', 'JENKINS_HOME') !== undefined) return true;
  return textOf(env, 'GIT_COMMIT') !== undefined && textOf(env, 'BUILD_URL') !== undefined;
}

/** A multibranch job sets the branch or tag itself; the git plugin alone sets the remote-tracking branch. */
function refFacts(env: Env, surroundings: Surroundings): RefFacts {
  const tag = textOf(env, 'TAG_NAME');
  if (tag !== undefined) return { tag };
  const multibranch = branchName(textOf(env, 'BRANCH_NAME'));
  if (multibranch !== undefined) return { branch: multibranch };
  const local = branchName(textOf(env, 'GIT_LOCAL_BRANCH'));
  const fetched = branchName(textOf(env, 'GIT_BRANCH'));
  const tagged = /^(?:refs\/)?tags\/(.+)$/.exec(fetched ?? '')?.[1];
  if (tagged !== undefined) return { tag: tagged };
  const facts = fetched === undefined ? {} : remoteFacts(fetched, surroundings);
  return omitUndefined({ ...facts, branch: local ?? facts.branch });
}

/** `undefined` for the values that the plugin sets for a detached HEAD. */
function branchName(text: string | undefined): string | undefined {
  return text === 'detached' || text === 'HEAD' ? undefined : text;
}

/** Conventional names of remotes, if the remotes of the work tree are unknown. */
const CONVENTIONAL_REMOTES = ['origin', 'upstream'];

/**
 * `upstream/main` is the branch `main` of the remote `upstream`, and the repository is that remote's: with
 * several remotes, one of them may be a fork. `feature/x` contains a slash but not a remote.
 */
function remoteFacts(fetched: string, { remotes }: Surroundings): RefFacts {
  const branch = /^refs\/heads\/(.+)$/.exec(fetched)?.[1];
  if (branch !== undefined) return { branch };
  const named = fetched.replace(/^(?:refs\/)?remotes\//, '');
  const known = remotes.filter(({ name }) => named.startsWith(`${name}/`));
  // The name of a remote may contain slashes, too: the longest match is used.
  const [remote] = [...known].sort((a, b) => b.name.length - a.name.length);
  if (remote) {
    return { branch: named.slice(remote.name.length + 1), repository: remote.url };
  }
  const prefix = CONVENTIONAL_REMOTES.find((name) => named.startsWith(`${name}/`));
  return { branch: prefix === undefined ? named : named.slice(prefix.length + 1) };
}
