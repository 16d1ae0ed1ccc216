import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { type Engine, type EngineOptions, homeEnvironment, removeEngineFolder } from './engine';

/**
 * podman and buildah share a storage and need no daemon; this one is in the folder. They run on the
 * loopback of this machine, so `reaches` has no effect.
 */
export async function startContainers({ folder }: EngineOptions): Promise<Engine> {
  const home = await homeEnvironment(folder);
  const storage = join(folder, 'storage.conf');
  await writeFile(
    storage,
    `[storage]\ndriver = "vfs"\ngraphroot = "${folder}/graph"\nrunroot = "${folder}/run"\n`,
  );
  const env = {
    ...home,
    CONTAINERS_STORAGE_CONF: storage,
    // An OCI runtime needs cgroups of one version; machines with both are common in CI.
    BUILDAH_ISOLATION: 'chroot',
  };
  return {
    env,
    logs: () => Promise.resolve(''),
    stop: () => removeEngineFolder(folder),
  };
}
