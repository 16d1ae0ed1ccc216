import type { BuildRequest } from './builder';
import { changesBuilder } from './variables';

type Arguments = Pick<BuildRequest, 'args' | 'environment'>;

/**
 * The flags of build arguments. The value is in a variable of the builder's process, from which all
 * builders take an argument without one: every user of a machine can read its command lines. An
 * argument whose variable would change the builder itself (`PATH`, `HTTP_PROXY`) is on the command
 * line, and so must not be a secret.
 */
export function argumentFlags(request: Arguments): readonly string[] {
  return names(request).flatMap((name) => [
    '--build-arg',
    isOnCommandLine(name, request.environment) ? `${name}=${request.args[name] ?? ''}` : name,
  ]);
}

/** The variables that {@link argumentFlags} refers to. */
export function argumentVariables(request: Arguments): NodeJS.ProcessEnv {
  return Object.fromEntries(
    names(request)
      .filter((name) => !isOnCommandLine(name, request.environment))
      .map((name) => [name, request.args[name]]),
  );
}

/** Whether an argument of this name cannot be handed over by a variable. */
export function isOnCommandLine(name: string, environment: readonly string[] = []): boolean {
  return changesBuilder(name) || environment.includes(name);
}

function names({ args }: Arguments): readonly string[] {
  return Object.keys(args).sort();
}
