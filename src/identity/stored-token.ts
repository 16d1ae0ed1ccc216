import { SignedImageError } from '../error';
import type { Host } from '../host/host';
import type { TokenSource } from './identity-provider';

/** The variable that CI systems with OIDC support set by convention (GitLab's `id_tokens`, CircleCI, Codefresh). */
export const SIGSTORE_TOKEN_VARIABLE = 'SIGSTORE_ID_TOKEN';
/** Where Kubernetes mounts a projected service account token for cosign. */
export const COSIGN_TOKEN_FILE = '/var/run/sigstore/cosign/oidc-token';

/** The messages for one kind of stored token. */
interface TokenMessages {
  readonly name: string;
  /** The remedy if the token does not exist. */
  readonly remedy: string;
  readonly audienceAdvice?: string;
}

function unavailable(property: string, message: string, cause?: unknown): SignedImageError {
  return new SignedImageError({ code: 'IDENTITY_UNAVAILABLE', property, message, cause });
}

function inFile(
  path: string,
  property: string,
  { readFile }: Pick<Host, 'readFile'>,
  { remedy, ...messages }: TokenMessages,
): TokenSource {
  return {
    ...messages,
    local: true,
    property,
    read: async () => {
      try {
        return await readFile(path);
      } catch (error) {
        const { code = 'unknown error' } = error as NodeJS.ErrnoException;
        throw unavailable(
          property,
          `the identity token file ${path} cannot be read (${code}); ${remedy}`,
          error,
        );
      }
    },
  };
}

function inVariable(
  variable: string,
  property: string,
  { env }: Pick<Host, 'env'>,
  { remedy, ...messages }: TokenMessages,
): TokenSource {
  return {
    ...messages,
    local: true,
    property,
    read: async () => {
      const value = env[variable];
      if (value === undefined || value.trim() === '') {
        throw unavailable(
          property,
          `the environment variable ${variable} is ${value === undefined ? 'not set' : 'empty'}; ${remedy}`,
        );
      }
      return value;
    },
  };
}

/** A token in a file. It is read each time: Kubernetes and others renew it in place. */
export function fileTokenSource(
  path: string,
  property: string,
  host: Pick<Host, 'readFile'>,
): TokenSource {
  return inFile(path, property, host, {
    name: `the identity token in the file ${path}`,
    remedy: 'write a token there, or set keyless.tokenEnv',
  });
}

/** A token in an environment variable. */
export function environmentTokenSource(
  variable: string,
  property: string,
  host: Pick<Host, 'env'>,
): TokenSource {
  return inVariable(variable, property, host, {
    name: `the identity token in the environment variable ${variable}`,
    remedy: 'it must contain an identity token',
  });
}

/** A job of GitLab CI: https://docs.gitlab.com/ci/secrets/id_token_authentication/ */
export function gitlabCiSource(
  variable: string,
  property: string,
  host: Pick<Host, 'env'>,
  audience: string,
): TokenSource {
  const declaration = `\`id_tokens: { ${variable}: { aud: ${audience} } }\``;
  return inVariable(variable, property, host, {
    name: `the identity token of GitLab CI in ${variable}`,
    remedy: `give the job ${declaration}`,
    audienceAdvice: `give the job ${declaration}`,
  });
}

/** A projected volume: https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken */
export function kubernetesTokenSource(
  path: string,
  property: string,
  host: Pick<Host, 'readFile'>,
  audience: string,
): TokenSource {
  const projection = `a projected \`serviceAccountToken\` with \`audience: ${audience}\``;
  return inFile(path, property, host, {
    name: `the Kubernetes service account token in ${path}`,
    remedy: `mount ${projection} there, or set keyless.tokenFile`,
    audienceAdvice: `mount ${projection}`,
  });
}
