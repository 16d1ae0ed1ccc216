import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startGitlab } from '../../dev/gitlab';
import { generateKey, processHost } from '../../src/sign';
import { runTool, toolPath } from '../interop/support/tools';
import type { RunningSource, SourceCase } from './source-case';

const PASSWORD = 'canary-password-of-variables';
const WRITER = 'canary-gitlab-api';
const READER = 'canary-gitlab-read-api';
const PROJECT = 'acme/web/app';
const GROUP = 'acme/web';

type Maker = (ref: string, env: Record<string, string>, folder: string) => Promise<void>;

const madeByUs: Maker = async (ref, env, folder) => {
  const password = async (): Promise<string> => PASSWORD;
  const outputPrefix = join(folder, 'cosign');
  await generateKey({ ref, outputPrefix, password }, { ...processHost(), env });
};

const madeByCosign: Maker = async (ref, env, cwd) => {
  const run = await runTool(toolPath('cosign'), ['generate-key-pair', ref], {
    cwd,
    env: { ...env, HOME: cwd, COSIGN_PASSWORD: PASSWORD },
  });
  if (run.code !== 0) throw new Error(run.stderr);
};

const inVariables = (path: string, make: Maker) => async (): Promise<RunningSource> => {
  const roles = { [PROJECT]: 'maintainer', [GROUP]: 'owner' } as const;
  const gitlab = await startGitlab({
    tokens: { [WRITER]: { scope: 'api', roles }, [READER]: { scope: 'read_api', roles } },
  });
  gitlab.store.add('project', PROJECT);
  gitlab.store.add('group', GROUP);
  const folder = await mkdtemp(join(tmpdir(), 'key-gitlab-'));
  const stop = async (): Promise<void> => {
    await gitlab.close();
    await rm(folder, { recursive: true, force: true });
  };
  const ref = `gitlab://${path}`;
  try {
    await make(ref, { GITLAB_HOST: gitlab.url, GITLAB_TOKEN: WRITER }, folder);
  } catch (error) {
    await stop();
    throw error;
  }
  const env = { GITLAB_HOST: gitlab.url, GITLAB_TOKEN: READER };
  return { config: { key: { ref } }, env, publicRef: ref, cosign: { key: ref, env }, stop };
};

/** A double of GitLab's API; the token that signs may read only. */
export const GITLAB_CASES: readonly SourceCase[] = [
  {
    source: 'gitlab:// (project, made by us)',
    against: 'double',
    start: inVariables(PROJECT, madeByUs),
  },
  {
    source: 'gitlab:// (group, made by cosign)',
    against: 'double',
    start: inVariables(GROUP, madeByCosign),
  },
];
