import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** A token's label that no other run of the tests has. */
export const labelOf = (name: string): string => `${name} ${randomBytes(4).toString('hex')}`;

/** The token folder of the tests' SoftHSM. */
async function tokenFolder(): Promise<string> {
  const configuration = await readFile(process.env['SOFTHSM2_CONF'] ?? '', 'utf8');
  const folder = /^directories\.tokendir = (.+)$/m.exec(configuration)?.[1];
  if (folder === undefined) throw new Error('SOFTHSM2_CONF names no folder of tokens');
  return folder;
}

/** As if the token were removed permanently. SoftHSM's folders end in the serial number. */
export async function removeToken(serial: string): Promise<void> {
  const folder = await tokenFolder();
  for (const name of await readdir(folder)) {
    if (name.replaceAll('-', '').endsWith(serial)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}
