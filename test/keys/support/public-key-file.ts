import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Writes a public key where cosign can read it; the path. */
export async function publicKeyFile(folder: string, pem: string): Promise<string> {
  const name = createHash('sha256').update(pem).digest('hex').slice(0, 12);
  const path = join(folder, `${name}.pub`);
  await writeFile(path, pem);
  return path;
}
