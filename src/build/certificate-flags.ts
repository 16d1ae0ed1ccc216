import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SignedImageError } from '../error';
import { declaredCertificate } from '../oci/declared-certificate';
import type { BuildSession } from './session';

/** Creates the certificate folder that the tools expect: `ca.crt`, and `client.cert` with `client.key`. */
export async function certificateFlags({
  folder: parent,
  request,
}: BuildSession): Promise<readonly string[]> {
  const { caFile, clientCertificate, clientKey } = request.registry;
  if ((caFile ?? clientCertificate) === undefined) return [];
  const folder = join(parent, 'certs');
  await mkdir(folder);
  if (caFile !== undefined) {
    try {
      await copyFile(caFile, join(folder, 'ca.crt'));
    } catch (error) {
      throw new SignedImageError({
        code: 'INPUT_INVALID',
        property: 'registry.caFile',
        message: `the CA file ${caFile} cannot be read`,
        cause: error,
      });
    }
  }
  const host = request.reference.repository.registry;
  const client = await declaredCertificate({ host, clientCertificate, clientKey });
  if (client) {
    await writeFile(join(folder, 'client.cert'), client.certificate, { mode: 0o600 });
    await writeFile(join(folder, 'client.key'), client.key, { mode: 0o600 });
  }
  return ['--cert-dir', folder];
}
