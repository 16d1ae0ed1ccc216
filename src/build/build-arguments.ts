import type { BuildRequest } from './builder';
import { changesBuilder } from './variables';

type Arguments = Pick<BuildRequest, 'args' | 'environment'>;

/**
 * Returns the flags of build arguments. The value is passed in an environment variable, from which all
 * builders read arguments without a value, because all users of a machine can read command lines. An
 * argument whose variable would affect the builder itself (`PATH`, `HTTP_PROXY`) is on the command
 * line, and so must not be a secret.
 */
export function argumentFlags(request: Arguments): readonly string[] {
  return names(request).flatMap((name) => [
    '--build-arg',
    isOnCommandLine(name, request.environment) ? `${name}=${request.args[name] ?? ''}` : name,
  ]);
}

/** Returns the environment variables to which {@link argumentFlags} refers. */
export function argumentVariables(request: Arguments): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names(request)
      .filter((name) => !isOnCommandLine(name, request.environment))
      .map((name) => [name, request.args[name]]),
  );
}

/** Whether an argument of this name cannot be passed in an environment variable. */
export function isOnCommandLine(name: string, environment: readonly string[] = []): boolean {
  return changesBuilder(name) || environment.includes(name);
}

function names({ args }: Arguments): readonly string[] {
  return Object.keys(args).sort();
}
