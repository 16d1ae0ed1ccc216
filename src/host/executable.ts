import { constants, accessSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Search path of POSIX systems where PATH is not set. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin';
/** Extensions that Windows executes without a shell. A `.bat` or `.cmd` needs one, which would parse arguments again. */
const WINDOWS_EXTENSIONS = ['.exe', '.com'];

/**
 * Returns the absolute path of a program.
 *
 * Only absolute entries of PATH are searched. An empty or relative entry means the current folder, which
 * Windows itself searches first: a `git` inside a checkout would be executed.
 *
 * @param name - A bare name such as `git`, or an absolute path, which is returned if it is executable.
 * @returns `undefined` if the program is not found, and for a relative path.
 */
export function findExecutable(
  name: string,
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const candidates = platform === 'win32' ? windowsNames(name) : [name];
  if (isAbsolute(name)) return candidates.find((path) => isExecutable(path, platform));
  if (/[/\\]/.test(name)) return undefined;
  for (const folder of absoluteFolders(env)) {
    const found = candidates
      .map((candidate) => join(folder, candidate))
      .find((path) => isExecutable(path, platform));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the environment for a child process, without PATH entries that mean the current folder. */
export function launchEnvironment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const name = pathVariable(env);
  if (name === undefined) return env;
  return { ...env, [name]: absoluteFolders(env).join(delimiter) };
}

function absoluteFolders(env: NodeJS.ProcessEnv): readonly string[] {
  const name = pathVariable(env);
  const path = name === undefined ? undefined : env[name];
  return (path ?? DEFAULT_PATH).split(delimiter).filter((folder) => isAbsolute(folder));
}

/** Windows spells the name `Path`, and a copy of `process.env` keeps the spelling of the system. */
function pathVariable(env: NodeJS.ProcessEnv): string | undefined {
  if (env['PATH'] !== undefined) return 'PATH';
  return process.platform === 'win32'
    ? Object.keys(env).find((name) => name.toUpperCase() === 'PATH')
    : undefined;
}

function windowsNames(name: string): readonly string[] {
  const hasExtension = WINDOWS_EXTENSIONS.some((extension) =>
    name.toLowerCase().endsWith(extension),
  );
  return hasExtension ? [name] : WINDOWS_EXTENSIONS.map((extension) => name + extension);
}

function isExecutable(path: string, platform: NodeJS.Platform): boolean {
  try {
    if (!statSync(path).isFile()) return false;
    if (platform !== 'win32') accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
