import { SignedImageError } from '../../../error';
import type { KeyHost, StoredKeyPlace } from './key-place';

/** PEM text given as it is. */
export function pemTextPlace(pem: string): StoredKeyPlace {
  return {
    kind: 'stored',
    description: 'the PEM text',
    remote: false,
    readPrivateKey: async () => ({ pem }),
    readPublicKey: async () => pem,
  };
}

function reasonOf(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by this user';
  if (code === 'EISDIR') return 'is a directory';
  return `cannot be read (${code ?? 'unknown error'})`;
}

/** A PEM file. */
export function filePlace(path: string): StoredKeyPlace {
  const description = `the file ${path}`;
  const read = async ({ readFile }: KeyHost): Promise<string> => {
    try {
      return await readFile(path);
    } catch (error) {
      throw new SignedImageError({
        code: 'KEY_UNREADABLE',
        message: `${description} ${reasonOf(error)}; relative paths start at the working directory`,
        cause: error,
      });
    }
  };
  return {
    kind: 'stored',
    description,
    remote: false,
    readPrivateKey: async (host) => ({ pem: await read(host) }),
    readPublicKey: read,
  };
}

/** An environment variable that holds PEM text. */
export function environmentPlace(name: string): StoredKeyPlace {
  const description = `the environment variable ${name}`;
  const read = async ({ env }: KeyHost): Promise<string> => {
    const value = env[name];
    if (value !== undefined && value.trim() !== '') return value;
    throw new SignedImageError({
      code: 'KEY_UNREADABLE',
      message: `${description} is ${value === undefined ? 'not set' : 'empty'}; it must hold the key's PEM text`,
    });
  };
  return {
    kind: 'stored',
    description,
    remote: false,
    readPrivateKey: async (host) => ({ pem: await read(host) }),
    readPublicKey: read,
  };
}
