import { launchEnvironment } from '../host/executable';

/**
 * Variables that git may see: where programs, the user's own configuration and temporary files are. All
 * others stay behind, so that nothing that git starts can read a key or token of this process.
 */
const ALLOWED = new Set([
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'XDG_CONFIG_HOME',
  // The ownership check of git honors the user behind `sudo`.
  'SUDO_UID',
  'SUDO_GID',
  // The user's configuration, in which `safe.directory` is.
  'GIT_CONFIG_NOSYSTEM',
  'GIT_CONFIG_SYSTEM',
  'GIT_CONFIG_GLOBAL',
  // git's own switch for tests. It makes the ownership check stricter and nothing else.
  'GIT_TEST_ASSUME_DIFFERENT_OWNER',
  // Windows.
  'SYSTEMROOT',
  'WINDIR',
  'USERPROFILE',
  'HOMEDRIVE',
  'HOMEPATH',
  'APPDATA',
  'LOCALAPPDATA',
  'PROGRAMDATA',
  'TEMP',
  'TMP',
]);

/** https://git-scm.com/docs/git#_environment_variables */
const FIXED: NodeJS.ProcessEnv = {
  LC_ALL: 'C',
  LANGUAGE: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  GIT_PAGER: 'cat',
  // Reading must not take the index lock that a running git command of the user may need.
  GIT_OPTIONAL_LOCKS: '0',
  // Nothing is fetched: not what a partial clone lacks, and over no transport.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  // A commit is what its id says, not what refs/replace puts in its place.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_LITERAL_PATHSPECS: '1',
};

/** The only key that is taken over from `GIT_CONFIG_COUNT`: other values may be credentials. */
const TRUST_KEY = 'safe.directory';

/** The environment in which git runs. */
export function gitEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const allowed = Object.entries(env).filter(([name]) => ALLOWED.has(name.toUpperCase()));
  return { ...launchEnvironment(Object.fromEntries(allowed)), ...trustedFolders(env), ...FIXED };
}

/** `safe.directory` as CI systems declare it: https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT */
function trustedFolders(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const count = Number(env['GIT_CONFIG_COUNT'] ?? 0);
  const values: string[] = [];
  for (let index = 0; index < Math.min(count, 1000); index++) {
    const value = env[`GIT_CONFIG_VALUE_${index}`];
    if (env[`GIT_CONFIG_KEY_${index}`]?.toLowerCase() === TRUST_KEY && value !== undefined) {
      values.push(value);
    }
  }
  const pairs = values.flatMap((value, index) => [
    [`GIT_CONFIG_KEY_${index}`, TRUST_KEY],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return values.length === 0
    ? {}
    : Object.fromEntries([['GIT_CONFIG_COUNT', String(values.length)], ...pairs]);
}
