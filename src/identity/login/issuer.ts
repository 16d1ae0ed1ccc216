import type * as openidClient from 'openid-client' with { 'resolution-mode': 'import' };

import { messageOf, SignedImageError } from '../../error';
import { optionalPackage } from '../../host/optional-package';
import { isLoopback, isLocalHost } from '../../http/local-address';
import { isLoopbackOrHttps } from '../../http/service-url';
import { unavailable } from '../token-request';
import { boundedFetch } from './bounded-fetch';

/** The issuer for users of the public instance. */
export const PUBLIC_ISSUER = 'https://oauth2.sigstore.dev/auth';
/** The requested scope: the e-mail address becomes the certificate's subject. */
export const SCOPE = 'openid email';
/** In seconds; clocks of two machines differ. */
const CLOCK_TOLERANCE = 60;
const RESPONSE_TIMEOUT_SECONDS = 15;

type OpenidClient = typeof openidClient;

/** An issuer with its discovered configuration. */
export interface LoginIssuer {
  readonly client: OpenidClient;
  readonly configuration: openidClient.Configuration;
  readonly url: string;
}

/** The remedy after a failed sign-in. */
export const LOGIN_REMEDY =
  'run again to sign in, or give keyless.tokenFile, keyless.tokenEnv or a key';

/**
 * Fetches the issuer's discovery document.
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
        timeout: RESPONSE_TIMEOUT_SECONDS,
        [client.customFetch]: boundedFetch(RESPONSE_TIMEOUT_SECONDS * 1000),
        ...(isPlain && { execute: [client.allowInsecureRequests] }),
      },
    );
    const fault = endpointFault(configuration, address);
    if (fault !== undefined) throw new Error(fault);
    return { client, configuration, url };
  } catch (error) {
    throw unavailable(
      `discovery of the issuer ${url} failed (${reasonOf(error)}); check keyless.issuer: ` +
        `${url.replace(/\/+$/, '')}/.well-known/openid-configuration must be its discovery document`,
    ).on('keyless.issuer');
  }
}

/** The members of a discovery document to which requests and users are sent. */
const ENDPOINTS = [
  'authorization_endpoint',
  'token_endpoint',
  'device_authorization_endpoint',
  'jwks_uri',
  'userinfo_endpoint',
] as const;

function endpointFault(configuration: openidClient.Configuration, issuer: URL): string | undefined {
  const metadata = configuration.serverMetadata();
  const fault = ENDPOINTS.map((name) => addressFault(metadata[name], issuer)).find(Boolean);
  return fault === undefined ? undefined : `it lists ${fault}`;
}

/**
 * Returns what is wrong with an address from an issuer's metadata. A remote issuer must not send its clients, or a
 * user's browser, to this machine or link, and no issuer to an address without https.
 */
export function addressFault(endpoint: string | undefined, issuer: URL): string | undefined {
  if (endpoint === undefined) return undefined;
  const shown = JSON.stringify(endpoint.slice(0, 200));
  if (/[^\x21-\x7e]/.test(endpoint) || !URL.canParse(endpoint))
    return `${shown}, which is not a valid address`;
  const url = new URL(endpoint);
  if (isLoopback(issuer))
    return isLoopbackOrHttps(url) ? undefined : `${shown}, which is not https`;
  if (isLocalHost(url)) return `${shown}, which is on this machine`;
  return url.protocol === 'https:' ? undefined : `${shown}, which is not https`;
}

/** Returns the library's messages without the response itself, which may contain a token. */
function reasonOf(error: unknown): string {
  const { cause } = error as Error;
  const messages = [error, cause].filter((each) => each instanceof Error).map(messageOf);
  return [...new Set(messages)].join(': ').slice(0, 300);
}

/** Codes of OAuth 2.0 and of the device grant (RFC 6749, RFC 8628) with messages of their own. */
const REFUSALS: Readonly<Record<string, string>> = {
  access_denied: 'the sign-in was refused',
  expired_token: 'the code expired before the user signed in',
  invalid_client: 'the issuer does not recognize this client: check keyless.clientId',
  unauthorized_client:
    'the issuer does not permit this client to sign in this way: check keyless.clientId',
};

/** Converts an error of the library after discovery, without the response in it. */
export function loginFailure(error: unknown, { url }: LoginIssuer): SignedImageError {
  if (error instanceof SignedImageError) return error;
  const { error: refusal, code } = error as { readonly error?: unknown; readonly code?: unknown };
  if (typeof refusal === 'string') {
    const known = REFUSALS[refusal] ?? `the issuer refused (${refusal.slice(0, 60)})`;
    return unavailable(`no user is signed in at ${url}: ${known}; ${LOGIN_REMEDY}`);
  }
  if (code === 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED') {
    return unavailable(
      `the identity token of ${url} is not valid at this machine's time; check this machine's clock`,
    );
  }
  if (code === 'OAUTH_JWT_CLAIM_COMPARISON_FAILED') {
    return unavailable(
      `the identity token of ${url} is for another client or by another issuer; check keyless.clientId and keyless.issuer`,
    );
  }
  return unavailable(`the sign-in at ${url} failed (${reasonOf(error)}); ${LOGIN_REMEDY}`);
}

/** Returns the identity token of the issuer's response. */
export function identityTokenOf(
  response: { readonly id_token?: string | undefined },
  { url }: LoginIssuer,
): string {
  if (response.id_token) return response.id_token;
  throw unavailable(
    `the issuer ${url} returned a response without an identity token; it must support OpenID Connect`,
  );
}
