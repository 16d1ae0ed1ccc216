import { readFile } from 'node:fs/promises';

import { referenceOf } from '../oci/reference';
import type { BuildRequest } from './builder';
import { certificateFlags } from './certificate-flags';
import { fetchedImages } from './dockerfile';
import { cacheRepositories } from './flags';
import { imagesWithContexts } from './named-contexts';
import type { BuildSession } from './session';

/** The flags of podman and buildah for TLS. */
export interface RegistryFlags {
  /** For base images. */
  readonly pull: readonly string[];
  readonly push: readonly string[];
}

/** Returns the flags for TLS, which refer to files in the session's folder. */
export async function registryFlags(
  session: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<RegistryFlags> {
  const { request } = session;
  const tls = await certificateFlags(session, env);
  // These flags apply to every registry of a command. The settings of the push registry must not weaken
  // the pull of a base image from another registry.
  const pullTls = (await basesAreAtTarget(request)) ? tls : [];
  return { pull: pullTls, push: tls };
}

/** Whether all base images are in the push registry. If this is uncertain, the result is false: TLS is verified. */
async function basesAreAtTarget(request: BuildRequest): Promise<boolean> {
  const { dockerfile, args, target, platforms, cacheFrom, cacheTo } = request;
  const bases = fetchedImages(await readFile(dockerfile, 'utf8'), { args, target, platforms });
  if (bases === undefined) return false;
  const caches = cacheRepositories([...cacheFrom, ...cacheTo]) ?? [];
  const fetched = [...imagesWithContexts(bases, request.contexts), ...caches];
  const { registry } = request.reference.repository;
  return (
    fetched.length > 0 &&
    fetched.every((image) => referenceOf(image)?.repository.registry === registry)
  );
}
