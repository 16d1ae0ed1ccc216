import type { IdentityHost } from './token-cache';
import { lastingSubject } from './certificate-subject';
import type { KeylessConfig } from './keyless-config';
import { resolveIdentityProvider } from './provider-resolution';

/** Who would sign, without what differs from run to run. */
export interface ExpectedIdentity {
  readonly issuer: string;
  /** Without the branch; absent where it is not known to stay. */
  readonly identity?: string;
}

/** Who would sign, as far as a stored token tells it; nobody is asked. */
export async function expectedIdentity(
  config: KeylessConfig,
  host: IdentityHost,
): Promise<ExpectedIdentity | undefined> {
  try {
    const provider = await resolveIdentityProvider(config, host);
    if (!provider.local) return undefined;
    const { issuer, claims } = await provider.getIdentityToken();
    const identity = lastingSubject(claims);
    return { issuer, ...(identity !== undefined && { identity }) };
  } catch {
    // What is wrong with it is said by the check of the declaration.
    return undefined;
  }
}
