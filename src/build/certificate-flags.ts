import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findEndpoint } from '../oci/endpoint';
import { systemCertificateFolders } from '../oci/registry-certificates';
import type { BuildSession } from './session';

/**
 * Returns the flags of podman and buildah for the push registry by the rules of the registry client, so that push and
 * verification agree: plain HTTP, or TLS with the declared certificates and those of `certs.d` folders. The tools
 * would read the folders by rules of their own, and not at all beside a declared certificate.
 *
 * @param env - The environment of this process, which determines the user's folders.
 * @throws SignedImageError `INPUT_INVALID` on the `registry` inputs
 */
export async function certificateFlags(
  { folder: parent, request }: BuildSession,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const host = request.reference.repository.registry;
  const { caFile, clientCertificate, clientKey, insecure } = request.registry;
  const { base, ca, client } = await findEndpoint(
    host,
    { host, caFile, clientCertificate, clientKey, insecure },
    systemCertificateFolders(env),
  );
  // Also accepts any certificate, for a registry with `insecure` that has TLS.
  if (base.protocol === 'http:') return ['--tls-verify=false'];
  if (ca === undefined && client === undefined) return [];
  const folder = join(parent, 'certs');
  await mkdir(folder);
  if (ca !== undefined) await writeFile(join(folder, 'ca.crt'), ca);
  if (client !== undefined) {
    await writeFile(join(folder, 'client.cert'), client.certificate, { mode: 0o600 });
    await writeFile(join(folder, 'client.key'), client.key, { mode: 0o600 });
  }
  return ['--cert-dir', folder];
}
