import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Engine, type EngineOptions, homeEnvironment, removeEngineFolder } from './engine';

/**
 * podman and buildah share a storage and need no daemon; this one is in the folder. They run on the
 * loopback of this machine; the registries that `reaches` names are declared to be without TLS, as
 * daemons take every registry on loopback to be.
 */
export async function startContainers({ folder, reaches = [] }: EngineOptions): Promise<Engine> {
  const home = await homeEnvironment(folder);
  const storage = join(folder, 'storage.conf');
  await writeFile(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  );
  const registries = join(folder, 'registries.conf');
  const declared = reaches.map(
    (port) => `[[registry]]\nlocation = "127.0.0.1:${port}"\ninsecure = true\n`,
  );
  await writeFile(registries, declared.join('\n'));
  const env = {
    ...home,
    CONTAINERS_STORAGE_CONF: storage,
    CONTAINERS_REGISTRIES_CONF: registries,
    // An OCI runtime needs cgroups of one version; machines with both are common in CI.
    BUILDAH_ISOLATION: 'chroot',
  };
  return {
    env,
    logs: () => Promise.resolve(''),
    stop: () => removeEngineFolder(folder),
  };
}
