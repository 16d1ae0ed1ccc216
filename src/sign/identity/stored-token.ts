import { SignedImageError } from '../../error';
import type { SigningHost } from '../host';
import type { TokenSource } from './identity-provider';

/** What CI systems with OIDC support are told to set (GitLab's `id_tokens`, CircleCI, Codefresh). */
export const SIGSTORE_TOKEN_VARIABLE = 'SIGSTORE_ID_TOKEN';
/** Where Kubernetes mounts a projected service account token for cosign. */
export const COSIGN_TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';

function unavailable(property: string, message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_UNAVAILABLE', property, message, cause });
}

/** A token in a file. Read again each time: Kubernetes and others renew it in place. */
export function fileTokenSource(
  path: string,
  property: string,
  { readFile }: Pick<SigningHost, 'readFile'>,
): TokenSource {
  return {
    name: `the identity token in the file ${path}`,
    local: true,
    property,
    read: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        const { code = 'unknown error' } = error as NodeJS.ErrnoException;
        throw unavailable(
          property,
          `the identity token file ${path} cannot be read (${code}); write a token there, or set keyless.tokenEnv`,
          error,
        );
      }
    },
  };
}

/** A token in an environment variable. */
export function environmentTokenSource(
  variable: string,
  property: string,
  { env }: Pick<SigningHost, 'env'>,
): TokenSource {
  return {
    name: `the identity token in the environment variable ${variable}`,
    local: true,
    property,
    read: async () => {
      const value = env[variable];
      if (value === undefined || value.trim() === '') {
        throw unavailable(
          property,
          `the environment variable ${variable} is ${value === undefined ? 'not set' : 'empty'}; it must hold an identity token`,
        );
      }
      return value;
    },
  };
}
