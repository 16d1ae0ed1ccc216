import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Engine, type EngineOptions, homeEnvironment, removeEngineFolder } from './engine';

/**
 * podman and buildah share a storage, in the folder, and do not need a daemon. They use the loopback
 * interface of this machine; the registries in `reaches` are declared insecure, which is the daemons'
 * default for registries on loopback.
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
    // An OCI runtime needs cgroups of one version, and CI machines often have both.
    BUILDAH_ISOLATION: 'chroot',
  };
  return {
    env,
    logs: () => Promise.resolve(''),
    stop: () => removeEngineFolder(folder),
  };
}
