import { unavailable } from '../token-request';
import { type LoginRequest, LOGIN_TIMEOUT_MS } from './browser';
import {
  addressFault,
  discoverIssuer,
  GO_ON,
  identityTokenOf,
  type LoginIssuer,
  loginFailure,
  SCOPE,
} from './issuer';

/**
 * Signs a person in with a browser anywhere: a code that is typed in there
 * (https://www.rfc-editor.org/rfc/rfc8628). Dex, which the public instance runs, wants PKCE here too;
 * others pass over its parameters.
 */
export async function deviceLogin({
  issuer,
  clientId,
  interactiveLogin,
}: LoginRequest): Promise<string> {
  const known = await discoverIssuer(issuer, clientId);
  const { client, configuration } = known;
  if (configuration.serverMetadata().device_authorization_endpoint === undefined) {
    throw unavailable(
      `the issuer ${issuer} has no sign-in by device code; use keyless.provider "browser"`,
    );
  }
  const verifier = client.randomPKCECodeVerifier();
  const challenge = await client.calculatePKCECodeChallenge(verifier);
  const code = await orFailure(known, () =>
    client.initiateDeviceAuthorization(configuration, {
      scope: SCOPE,
      code_challenge: challenge,
      code_challenge_method: 'S256',
    }),
  );
  const address = code.verification_uri_complete ?? code.verification_uri;
  const fault =
    addressFault(code.verification_uri, new URL(issuer)) ?? addressFault(address, new URL(issuer));
  // A person opens the one and types the other, and a terminal shows both.
  if (fault !== undefined) throw unavailable(`the issuer ${issuer} names ${fault}`);
  if (!/^[\x20-\x7e]{1,64}$/.test(code.user_code)) {
    throw unavailable(`the issuer ${issuer} gave a code that nobody can type`);
  }
  const timeoutMs = Math.min(
    interactiveLogin.timeoutMs ?? LOGIN_TIMEOUT_MS,
    code.expires_in * 1000,
  );
  const signal = AbortSignal.timeout(timeoutMs);
  interactiveLogin.announce(`sign in with any browser: ${address} (code ${code.user_code})`);
  const tokens = await orFailure(known, () =>
    client
      .pollDeviceAuthorizationGrant(configuration, code, { code_verifier: verifier }, { signal })
      .catch((error: unknown) => {
        if (!signal.aborted) throw error;
        throw unavailable(
          `nobody signed in at ${issuer} within ${Math.ceil(timeoutMs / 1000)} seconds; ${GO_ON}`,
        );
      }),
  );
  return identityTokenOf(tokens, known);
}

async function orFailure<T>(issuer: LoginIssuer, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw loginFailure(error, issuer);
  }
}
