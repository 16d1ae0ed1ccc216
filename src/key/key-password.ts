import type { KeyHost } from './backend';

export const PASSWORD_VARIABLE = 'COSIGN_PASSWORD';

/** A key's password and where it came from, in words that may be shown. */
export interface KeyPassword {
  readonly value: string;
  readonly origin: string;
}

/**
 * The password to try: the input, else the one that lies beside the key, else `COSIGN_PASSWORD`, else
 * the empty one (which is legal, and which many keys of CI have).
 */
export function keyPassword(
  input: string | undefined,
  beside: string | undefined,
  { env }: Pick<KeyHost, 'env'>,
): KeyPassword {
  if (input !== undefined) return { value: input, origin: 'the password of key.password' };
  if (beside !== undefined) return { value: beside, origin: 'the password beside the key' };
  const fromEnvironment = env[PASSWORD_VARIABLE];
  if (fromEnvironment !== undefined) {
    return { value: fromEnvironment, origin: `the password of ${PASSWORD_VARIABLE}` };
  }
  return {
    value: '',
    origin: `the empty password (neither key.password nor ${PASSWORD_VARIABLE} is set)`,
  };
}
