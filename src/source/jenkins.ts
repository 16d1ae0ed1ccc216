import { selfReportedId } from './builder-id';
import {
  type Detected,
  type Detector,
  type Env,
  present,
  type Surroundings,
  textOf,
} from './detected';
import { jenkinsRequest } from './jenkins-request';

/**
 * https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, the git plugin's
 * GIT_* variables, and the build user vars plugin's BUILD_USER_ID.
 */
export const detectJenkins: Detector = (env, surroundings) => {
  if (!isJenkins(env)) return undefined;
  const declared = textOf(env, 'GIT_URL', 'GIT_URL_1');
  return present({
    commit: textOf(env, 'GIT_COMMIT'),
    repository: declared,
    ...(jenkinsRequest(env) ?? refFacts(env, surroundings)),
    builder: present({
      id: selfReportedId('jenkins', textOf(env, 'JENKINS_URL', 'BUILD_URL')),
      system: 'jenkins' as const,
      invocation: textOf(env, 'BUILD_URL'),
      user: textOf(env, 'BUILD_USER_ID', 'BUILD_USER'),
    }),
  });
};

/** A lone GIT_COMMIT is set by many; together with a build's URL it is Jenkins'. */
function isJenkins(env: Env): boolean {
  if (textOf(env, 'JENKINS_URL', 'JENKINS_HOME') !== undefined) return true;
  return textOf(env, 'GIT_COMMIT') !== undefined && textOf(env, 'BUILD_URL') !== undefined;
}

type RefFacts = Pick<Detected, 'branch' | 'tag' | 'repository'>;

/** A multibranch job names the branch or tag itself; the git plugin alone names the remote-tracking branch. */
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
  return present({ ...facts, branch: local ?? facts.branch });
}

/** `undefined` for what the plugin says of a checkout of a bare commit. */
function branchName(text: string | undefined): string | undefined {
  return text === 'detached' || text === 'HEAD' ? undefined : text;
}

/** Names that git and its guides give to remotes, where the work tree does not say which it has. */
const USUAL_REMOTES = ['origin', 'upstream'];

/**
 * `upstream/main` is the branch `main` of the remote `upstream`, and its repository is that remote's: with
 * several remotes, one of them may be a fork. `feature/x` has a slash and no remote.
 */
function remoteFacts(fetched: string, { remotes }: Surroundings): RefFacts {
  const branch = /^refs\/heads\/(.+)$/.exec(fetched)?.[1];
  if (branch !== undefined) return { branch };
  const named = fetched.replace(/^(?:refs\/)?remotes\//, '');
  const known = remotes.filter(({ name }) => named.startsWith(`${name}/`));
  // A remote's name may have slashes too: the longest one is meant.
  const [remote] = [...known].sort((a, b) => b.name.length - a.name.length);
  if (remote) {
    return { branch: named.slice(remote.name.length + 1), repository: remote.url };
  }
  const usual = USUAL_REMOTES.find((name) => named.startsWith(`${name}/`));
  return { branch: usual === undefined ? named : named.slice(usual.length + 1) };
}
