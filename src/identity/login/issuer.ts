import type * as openidClient from 'openid-client' with { 'resolution-mode': 'import' };

import { messageOf, SignedImageError } from '../../error';
import { optionalPackage } from '../../host/optional-package';
import { fetchOver } from '../../http/fetch-adapter';
import { isLoopback, isLocalHost } from '../../http/local-address';
import { serviceClient } from '../../http/service-client';
import { isLoopbackOrHttps } from '../../http/service-url';
import { unavailable } from '../token-request';

/** Where people sign in for the public instance. */
export const PUBLIC_ISSUER = 'https://oauth2.sigstore.dev/auth';
/** What is asked of the issuer: the e-mail address becomes the certificate's subject. */
export const SCOPE = 'openid email';
/** Seconds; the clocks of two machines are never the same. */
const CLOCK_TOLERANCE = 60;
const ANSWER_SECONDS = 15;

type OpenidClient = typeof openidClient;

/** An issuer that was asked how it is to be asked. */
export interface LoginIssuer {
  readonly client: OpenidClient;
  readonly configuration: openidClient.Configuration;
  readonly url: string;
}

/** How to go on without a person. */
export const GO_ON = 'run again to sign in, or give keyless.tokenFile, keyless.tokenEnv or a key';

/**
 * Reads the issuer's discovery document.
 *
 * @throws SignedImageError `IDENTITY_UNAVAILABLE` on `keyless.issuer`; `PACKAGE_MISSING`
 */
export async function discoverIssuer(url: string, clientId: string): Promise<LoginIssuer> {
  const client = await optionalPackage(
    'openid-client',
    'sign-ins with a browser or a device code',
    () => import('openid-client'),
  );
  const address = URL.canParse(url) ? new URL(url) : undefined;
  if (address === undefined || !isLoopbackOrHttps(address)) {
    throw unavailable(`keyless.issuer must be an https address, not ${url}`).on('keyless.issuer');
  }
  try {
    const isPlain = address.protocol === 'http:';
    const configuration = await client.discovery(
      address,
      clientId,
      { [client.clockTolerance]: CLOCK_TOLERANCE },
      client.None(),
      {
        timeout: ANSWER_SECONDS,
        [client.customFetch]: fetchOver(serviceClient({ env: process.env }), ANSWER_SECONDS * 1000),
        ...(isPlain && { execute: [client.allowInsecureRequests] }),
      },
    );
    const local = isLoopback(address) ? undefined : localEndpoint(configuration);
    if (local !== undefined) throw new Error(`it names ${local}, which is on this machine`);
    return { client, configuration, url };
  } catch (error) {
    throw unavailable(
      `the issuer ${url} did not tell how to sign in (${reasonOf(error)}); see keyless.issuer: ` +
        `${url.replace(/\/+$/, '')}/.well-known/openid-configuration must be its discovery document`,
    ).on('keyless.issuer');
  }
}

/** An endpoint on this machine or link: an issuer elsewhere must not send its clients there. */
function localEndpoint(configuration: openidClient.Configuration): string | undefined {
  const { token_endpoint, device_authorization_endpoint, jwks_uri, userinfo_endpoint } =
    configuration.serverMetadata();
  return [token_endpoint, device_authorization_endpoint, jwks_uri, userinfo_endpoint].find(
    (endpoint) =>
      endpoint !== undefined && URL.canParse(endpoint) && isLocalHost(new URL(endpoint)),
  );
}

/** What the library knows of a failure that is not the answer itself, which may hold a token. */
function reasonOf(error: unknown): string {
  const { cause } = error as Error;
  const messages = [error, cause].filter((each) => each instanceof Error).map(messageOf);
  return [...new Set(messages)].join(': ').slice(0, 300);
}

/** Codes of OAuth 2.0 and of the device grant (RFC 6749, RFC 8628) that have an own next step. */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'the sign-in was refused',
  expired_token: 'the code expired before anybody signed in',
  invalid_client: 'the issuer does not know this client: see keyless.clientId',
  unauthorized_client: 'the issuer does not let this client sign in so: see keyless.clientId',
};

/** An error of the library after discovery, without the answer in it. */
export function loginFailure(error: unknown, { url }: LoginIssuer): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const { error: refusal, code } = error as { readonly error?: unknown; readonly code?: unknown };
  if (typeof refusal === 'string') {
    const known = REFUSALS[refusal] ?? `the issuer refused (${refusal.slice(0, 60)})`;
    return unavailable(`nobody is signed in at ${url}: ${known}; ${GO_ON}`);
  }
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') {
    return unavailable(
      `the identity token of ${url} is not valid at this machine's time; check this machine's clock`,
    );
  }
  if (code === 'OAUTH_JWT_CLAIM_COMPARISON_FAILED') {
    return unavailable(
      `the identity token of ${url} is for another client or by another issuer; see keyless.clientId and keyless.issuer`,
    );
  }
  return unavailable(`the sign-in at ${url} failed (${reasonOf(error)}); ${GO_ON}`);
}

/** The identity token among what the issuer answered. */
export function identityTokenOf(
  answer: { readonly id_token?: string | undefined },
  { url }: LoginIssuer,
): string {
  if (answer.id_token) return answer.id_token;
  throw unavailable(
    `the issuer ${url} answered without an identity token; it must speak OpenID Connect`,
  );
}
