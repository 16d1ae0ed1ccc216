import { SignedImageError } from '../../error';
import type { SigningHost } from '../host';
import { type KeyReference, describeKeyReference } from './key-reference';

/** The part of the host that keys are read from. */
export type KeyHost = Pick<SigningHost, 'env' | 'readFile'>;

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a directory';
  return `cannot be read (${code ?? 'unknown error'})`;
}

async function readPath(reference: KeyReference & { scheme: 'path' }, host: KeyHost) {
  try {
    return await host.readFile(reference.path);
  } catch (error) {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: `${describeKeyReference(reference)} ${reasonOf(error)}; relative paths start at the working directory`,
      cause: error,
    });
  }
}

function readEnvironment(reference: KeyReference & { scheme: 'env' }, host: KeyHost): string {
  const value = host.env[reference.name];
  if (value === undefined || value.trim() === '') {
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: `${describeKeyReference(reference)} is ${value === undefined ? 'not set' : 'empty'}; it must hold the key's PEM text`,
    });
  }
  return value;
}

/**
 * The text that a key reference points at.
 *
 * @throws SignedImageError `KEY_UNREADABLE`
 */
export async function readKeySource(reference: KeyReference, host: KeyHost): Promise<string> {
  switch (reference.scheme) {
    case 'pem':
      return reference.pem;
    case 'path':
      return readPath(reference, host);
    case 'env':
      return readEnvironment(reference, host);
  }
}
