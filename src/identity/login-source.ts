import { SignedImageError } from '../error';
import type { TokenSource } from './identity-provider';
import type { InteractiveProviderName } from './keyless-config';
import type { SourceContext } from './ambient-sources';
import { PUBLIC_ISSUER, browserLogin, deviceLogin } from './login';

const LOGINS = { browser: browserLogin, device: deviceLogin } as const;

/** A person who signs in; asked only where somebody is there to be asked. */
export function loginSource(
  provider: InteractiveProviderName,
  { config: { issuer = PUBLIC_ISSUER }, audience, host, property }: SourceContext,
): TokenSource {
  return {
    name: `the sign-in at ${issuer}`,
    local: false,
    interactive: true,
    property,
    read: async () => {
      const { interactiveLogin } = host;
      if (interactiveLogin === undefined) {
        throw new SignedImageError({
          code: 'IDENTITY_UNAVAILABLE',
          property,
          message: `nobody can be asked to sign in at ${issuer} here: that is done in an update only`,
        });
      }
      try {
        return await LOGINS[provider]({ issuer, clientId: audience, interactiveLogin });
      } catch (error) {
        throw error instanceof SignedImageError ? error.on(property) : error;
      }
    },
  };
}
