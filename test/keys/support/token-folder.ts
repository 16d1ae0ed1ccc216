import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** Where SoftHSM of the tests keeps its tokens. */
async function tokenFolder(): Promise<string> {
  const configuration = await readFile(process.env['SOFTHSM2_CONF'] ?? '', 'utf8');
  const folder = /^directories\.tokendir = (.+)$/m.exec(configuration)?.[1];
  if (folder === undefined) throw new Error('SOFTHSM2_CONF names no folder of tokens');
  return folder;
}

/** As if every token were pulled out for good. */
export async function removeTokens(): Promise<void> {
  const folder = await tokenFolder();
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(folder)) {
    await rm(join(folder, name), { recursive: true, force: true });
  }
}
