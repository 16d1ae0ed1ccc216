import { SignedImageError } from '../error';
import type { CommandWorld } from './command';

const VARIABLE = 'COSIGN_PASSWORD';

/**
 * The password for a new key: `COSIGN_PASSWORD` (which may be empty), else typed twice.
 *
 * @throws SignedImageError `INPUT_INVALID`
 */
export async function newKeyPassword({ host, terminal }: CommandWorld): Promise<string> {
  const declared = host.env[VARIABLE];
  if (declared !== undefined) return declared;
  if (!terminal.isInteractive) {
    throw new SignedImageError({
      code: 'INPUT_INVALID',
      message: `no password for the new key: set ${VARIABLE} (empty for none), or run this in a terminal and type it`,
    });
  }
  const typed = await terminal.askSecret('Password for the new private key: ');
  const again = await terminal.askSecret('The same again: ');
  if (typed === again) return typed;
  throw new SignedImageError({
    code: 'INPUT_INVALID',
    message: 'the two passwords are not the same; nothing was made',
  });
}
