import { argumentVariables } from './build-arguments';
import type { BuildRequest } from './builder';
import { isReadByBuilders, variablesOfCache, variablesOfHelper } from './variables';
import { authFiles, systemDockerConfig } from '../oci/docker-config';

/**
 * Returns the environment of a builder's process: the variables that builders read (docs/builders.md)
 * and those that the caller lists. A build runs third-party code (base images, packages), so it does
 * not get others.
 */
export function builderEnvironment(
  env: NodeJS.ProcessEnv,
  named: readonly string[] = [],
): NodeJS.ProcessEnv {
  return selectVariables(env, (name) => isReadByBuilders(name) || named.includes(name));
}

/**
 * Returns the environment for one build, including the credentials of its caches, and those that a
 * configured credential helper reads.
 */
export async function environmentOfBuild(
  env: NodeJS.ProcessEnv,
  request: BuildRequest,
): Promise<NodeJS.ProcessEnv> {
  const helpers = await configuredHelpers(env);
  const conditional = [
    ...[...request.cacheFrom, ...request.cacheTo].map(variablesOfCache),
    ...helpers.map(variablesOfHelper),
  ];
  return {
    ...builderEnvironment(env, request.environment),
    ...selectVariables(env, (name) => conditional.some((pattern) => pattern.test(name))),
  };
}

function selectVariables(
  env: NodeJS.ProcessEnv,
  select: (name: string) => boolean,
): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => select(name)));
}

/**
 * Returns the name of the variable for the n-th build secret. All users of the machine can read
 * command lines, and a file would leave the value on disk.
 */
export function secretVariable(index: number): string {
  return `SIGNED_IMAGE_BUILD_SECRET_${index}`;
}

/** Returns the variables with the values of build secrets and arguments. */
export function valueEnvironment(request: BuildRequest): NodeJS.ProcessEnv {
  const secrets = Object.keys(request.secrets)
    .sort()
    .map((id, index) => [secretVariable(index), request.secrets[id]] as const);
  return { ...argumentVariables(request), ...Object.fromEntries(secrets) };
}

/**
 * Returns the credential helpers in the configuration of docker, podman and buildah; none if a file
 * cannot be read, which the registry client reports.
 */
export async function configuredHelpers(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const files = await authFiles(systemDockerConfig(env)).catch(() => []);
  const named = files.flatMap(({ credsStore, credHelpers }) => [
    ...(credsStore === undefined ? [] : [credsStore]),
    ...Object.values(credHelpers),
  ]);
  return [...new Set(named.filter((name) => name !== ''))];
}
