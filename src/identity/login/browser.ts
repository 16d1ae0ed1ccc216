import type { InteractiveLogin } from '../../host/interactive-login';
import { unavailable } from '../token-request';
import {
  discoverIssuer,
  LOGIN_REMEDY,
  identityTokenOf,
  type LoginIssuer,
  loginFailure,
  SCOPE,
} from './issuer';
import { listenForRedirect, type RedirectListener } from './redirect-listener';

export interface LoginRequest {
  readonly issuer: string;
  readonly clientId: string;
  readonly interactiveLogin: InteractiveLogin;
}

/** The time that a user has to sign in, in milliseconds. */
export const LOGIN_TIMEOUT_MS = 5 * 60_000;

/**
 * Signs a user in with a browser on this machine: authorization code with PKCE
 * (https://www.rfc-editor.org/rfc/rfc8252), with the address announced and the redirect received on loopback.
 */
export async function browserLogin({
  issuer,
  clientId,
  interactiveLogin,
}: LoginRequest): Promise<string> {
  const loginIssuer = await discoverIssuer(issuer, clientId);
  const listener = await listenForRedirect();
  try {
    return await signIn(loginIssuer, listener, interactiveLogin);
  } finally {
    listener.close();
  }
}

async function signIn(
  issuer: LoginIssuer,
  listener: RedirectListener,
  { announce, timeoutMs = LOGIN_TIMEOUT_MS }: InteractiveLogin,
): Promise<string> {
  const { client, configuration } = issuer;
  const verifier = client.randomPKCECodeVerifier();
  const [state, nonce] = [client.randomState(), client.randomNonce()];
  const address = client.buildAuthorizationUrl(configuration, {
    redirect_uri: listener.redirectUri,
    scope: SCOPE,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  const returned = listener.returned(state, AbortSignal.timeout(timeoutMs));
  announce(`sign in with a browser on this machine: ${address}`);
  const redirect = await returned.catch(() => {
    throw unavailable(
      `no user signed in at ${issuer.url} within ${Math.ceil(timeoutMs / 1000)} seconds; ${LOGIN_REMEDY}`,
    );
  });
  try {
    const tokens = await client.authorizationCodeGrant(configuration, redirect, {
      pkceCodeVerifier: verifier,
      expectedState: state,
      expectedNonce: nonce,
      idTokenExpected: true,
    });
    return identityTokenOf(tokens, issuer);
  } catch (error) {
    throw loginFailure(error, issuer);
  }
}
