import { authFiles, systemDockerConfig } from '../oci/docker-config';

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
