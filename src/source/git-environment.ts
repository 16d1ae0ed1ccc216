import { launchEnvironment } from '../host/executable';

/**
 * Variables that are passed to git: the locations of programs, user configuration and temporary files. Others
 * are not passed, so that programs started by git cannot read keys or tokens of this process.
 */
const PASSED_VARIABLES = new Set([
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
  // git's own switch for tests, which only makes the ownership check stricter.
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
const FIXED_VARIABLES: NodeJS.ProcessEnv = {
  LC_ALL: 'C',
  LANGUAGE: 'C',
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  GIT_PAGER: 'cat',
  // Reading must not take the index lock that a running git command of the user may need.
  GIT_OPTIONAL_LOCKS: '0',
  // Disables fetching of missing objects of a partial clone, and all transports.
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  // Read the commit with the given id, not its replacement in refs/replace.
  GIT_NO_REPLACE_OBJECTS: '1',
  GIT_ATTR_NOSYSTEM: '1',
  GIT_LITERAL_PATHSPECS: '1',
};

/** The only key that is passed on from `GIT_CONFIG_COUNT`: other values may be credentials. */
const TRUST_KEY = 'safe.directory';

/** Returns the environment for git. */
export function gitEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const allowed = Object.entries(env).filter(([name]) => PASSED_VARIABLES.has(name.toUpperCase()));
  return {
    ...launchEnvironment(Object.fromEntries(allowed)),
    ...safeDirectories(env),
    ...FIXED_VARIABLES,
  };
}

/** `safe.directory` as CI systems declare it: https://git-scm.com/docs/git-config#Documentation/git-config.txt-GITCONFIGCOUNT */
function safeDirectories(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
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
