import { unavailable } from '../token-request';
import { type LoginRequest, LOGIN_TIMEOUT_MS } from './browser';
import {
  addressFault,
  discoverIssuer,
  LOGIN_REMEDY,
  identityTokenOf,
  type LoginIssuer,
  loginFailure,
  SCOPE,
} from './issuer';

/**
 * Signs a user in with a browser on any machine, where the user enters a code
 * (https://www.rfc-editor.org/rfc/rfc8628). Dex, which the public instance runs, requires PKCE here too;
 * others ignore its parameters.
 */
export async function deviceLogin({
  issuer,
  clientId,
  interactiveLogin,
}: LoginRequest): Promise<string> {
  const loginIssuer = await discoverIssuer(issuer, clientId);
  const { client, configuration } = loginIssuer;
  if (configuration.serverMetadata().device_authorization_endpoint === undefined) {
    throw unavailable(
      `the issuer ${issuer} does not support sign-in by device code; use keyless.provider "browser"`,
    );
  }
  const verifier = client.randomPKCECodeVerifier();
  const challenge = await client.calculatePKCECodeChallenge(verifier);
  const code = await withLoginFailure(loginIssuer, () =>
    client.initiateDeviceAuthorization(configuration, {
      scope: SCOPE,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }),
  );
  const address = code.verification_uri_complete ?? code.verification_uri;
  const fault =
    addressFault(code.verification_uri, new URL(issuer)) ?? addressFault(address, new URL(issuer));
  // The user opens the address and enters the code, and a terminal shows both.
  if (fault !== undefined) throw unavailable(`the issuer ${issuer} returned ${fault}`);
  if (!/^[\x20-\x7e]{1,64}$/.test(code.user_code)) {
    throw unavailable(`the issuer ${issuer} returned a code that cannot be typed`);
  }
  const timeoutMs = Math.min(
    interactiveLogin.timeoutMs ?? LOGIN_TIMEOUT_MS,
    code.expires_in * 1000,
  );
  const signal = AbortSignal.timeout(timeoutMs);
  interactiveLogin.announce(`sign in with any browser: ${address} (code ${code.user_code})`);
  const tokens = await withLoginFailure(loginIssuer, () =>
    client
      .pollDeviceAuthorizationGrant(configuration, code, { code_verifier: verifier }, { signal })
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
        throw unavailable(
          `no user signed in at ${issuer} within ${Math.ceil(timeoutMs / 1000)} seconds; ${LOGIN_REMEDY}`,
        );
      }),
  );
  return identityTokenOf(tokens, loginIssuer);
}

async function withLoginFailure<T>(issuer: LoginIssuer, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw loginFailure(error, issuer);
  }
}
