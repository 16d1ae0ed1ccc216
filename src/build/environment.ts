import { argumentVariables } from './build-arguments';
import type { BuildRequest } from './builder';
import { isReadByBuilders, variablesOfCache, variablesOfHelper } from './variables';
import { authFiles, systemDockerConfig } from '../oci/docker-config';

/**
 * The environment of a builder's process: what builders read (docs/builders.md), and what the caller
 * names. A build runs code of others (base images, packages), so nothing else is within its reach.
 */
export function builderEnvironment(
  env: NodeJS.ProcessEnv,
  named: readonly string[] = [],
): NodeJS.ProcessEnv {
  return selected(env, (name) => isReadByBuilders(name) || named.includes(name));
}

/**
 * The same for one build: with the credentials of the cache that it declares, and those that a
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
    ...selected(env, (name) => conditional.some((pattern) => pattern.test(name))),
  };
}

function selected(env: NodeJS.ProcessEnv, select: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => select(name)));
}

/**
 * The variable that carries the n-th build secret: in argv every user of the machine could read the
 * value, and a file would have to be written.
 */
export function secretVariable(index: number): string {
  return `SIGNED_IMAGE_BUILD_SECRET_${index}`;
}

/** The values that a build hands over by variables: secrets and arguments. */
export function valueEnvironment(request: BuildRequest): NodeJS.ProcessEnv {
  const secrets = Object.keys(request.secrets)
    .sort()
    .map((id, index) => [secretVariable(index), request.secrets[id]] as const);
  return { ...argumentVariables(request), ...Object.fromEntries(secrets) };
}

/**
 * The credential helpers that the configuration of docker, podman or buildah names. Where a file
 * cannot be read there are none: the registry client reports what is wrong with it.
 */
export async function configuredHelpers(env: NodeJS.ProcessEnv): Promise<readonly string[]> {
  const files = await authFiles(systemDockerConfig(env)).catch(() => []);
  const named = files.flatMap(({ credsStore, credHelpers }) => [
    ...(credsStore === undefined ? [] : [credsStore]),
    ...Object.values(credHelpers),
  ]);
  return [...new Set(named.filter((name) => name !== ''))];
}
