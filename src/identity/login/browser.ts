import type { InteractiveLogin } from '../../host/interactive-login';
import { unavailable } from '../token-request';
import {
  discoverIssuer,
  GO_ON,
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

/** How long a person may take, in milliseconds. */
export const LOGIN_TIMEOUT_MS = 5 * 60_000;

/**
 * Signs a person in with a browser on this machine: authorization code with PKCE
 * (https://www.rfc-editor.org/rfc/rfc8252), the address announced, the answer awaited on loopback.
 */
export async function browserLogin({
  issuer,
  clientId,
  interactiveLogin,
}: LoginRequest): Promise<string> {
  const known = await discoverIssuer(issuer, clientId);
  const listener = await listenForRedirect();
  try {
    return await signIn(known, listener, interactiveLogin);
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
  const answer = await returned.catch(() => {
    throw unavailable(
      `nobody signed in at ${issuer.url} within ${Math.ceil(timeoutMs / 1000)} seconds; ${GO_ON}`,
    );
  });
  try {
    const tokens = await client.authorizationCodeGrant(configuration, answer, {
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
