import { SignedImageError } from '../error';
import type { Challenge } from './challenge';
import { type Credentials, encodeBasic } from './credentials';
import { isLoopback } from './endpoint';
import type { HttpRequest, HttpResponse } from './transport';

export interface BearerToken {
  readonly token: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** Sends a request with that `Authorization`. */
export type SendRequest = (
  request: HttpRequest,
  authorization: string | undefined,
) => Promise<HttpResponse>;

const CLIENT = 'pulumi-signed-image';
/** What a server that does not say gives, by the token specification. */
const DEFAULT_LIFETIME = 60;

/**
 * Asks the realm of a Bearer challenge for a token: with a refresh token by OAuth2, with a password
 * by Basic, else anonymously, and only for the scope.
 *
 * https://distribution.github.io/distribution/spec/auth/token/ and .../auth/oauth/
 *
 * @throws SignedImageError `REGISTRY_UNAUTHORIZED`, `_FORBIDDEN`, `_PROTOCOL`, `_INSECURE`
 */
export async function requestToken(
  registry: URL,
  { parameters }: Challenge,
  scope: string,
  credentials: Credentials | undefined,
  send: SendRequest,
): Promise<BearerToken> {
  const realm = tokenRealm(registry, parameters['realm']);
  const asked = new URLSearchParams();
  const service = parameters['service'];
  if (service !== undefined) asked.set('service', service);

  if (credentials?.kind === 'identity-token') {
    asked.set('grant_type', 'refresh_token');
    asked.set('client_id', CLIENT);
    asked.set('refresh_token', credentials.token);
    asked.set('scope', scope);
    const request: HttpRequest = {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: Buffer.from(asked.toString()),
    };
    return readToken(registry, realm, await send(request, undefined), credentials);
  }
  asked.append('scope', scope);
  const url = new URL(realm);
  for (const [name, value] of asked) url.searchParams.append(name, value);
  const authorization =
    credentials?.kind === 'password' ? `Basic ${encodeBasic(credentials)}` : undefined;
  const response = await send(
    { method: 'GET', url, headers: { accept: 'application/json' } },
    authorization,
  );
  return readToken(registry, realm, response, credentials);
}

/**
 * The realm, if it may be told credentials: it is https, or on this machine, or the very host that
 * the user allowed plain http for.
 */
function tokenRealm(registry: URL, realm: string | undefined): URL {
  if (realm === undefined || !URL.canParse(realm)) {
    throw new SignedImageError({
      code: 'REGISTRY_PROTOCOL',
      message: `registry ${registry.host} asks for a Bearer token without saying where to get one (its realm is no URL)`,
    });
  }
  const url = new URL(realm);
  const allowedPlain =
    isLoopback(url) || (registry.protocol === 'http:' && registry.hostname === url.hostname);
  if (url.protocol === 'https:' || (url.protocol === 'http:' && allowedPlain)) return url;
  throw new SignedImageError({
    code: 'REGISTRY_INSECURE',
    message: `registry ${registry.host} sends its clients for a token to ${url.protocol}//${url.host}, which is not https: no credentials are sent there`,
  });
}

function readToken(
  registry: URL,
  realm: URL,
  { status, body }: HttpResponse,
  credentials: Credentials | undefined,
): BearerToken {
  const where = `the token service ${realm.host} of registry ${registry.host}`;
  const fail = (code: SignedImageError['code'], what: string): SignedImageError =>
    new SignedImageError({ code, message: `${where} ${what}` });
  const withWhat = credentials
    ? `the credentials from ${credentials.source}`
    : 'an anonymous request';
  // OAuth2 says 400 of a refresh token that has ended (invalid_grant).
  if (status === 401 || (status === 400 && credentials?.kind === 'identity-token')) {
    throw fail('REGISTRY_UNAUTHORIZED', `refused ${withWhat} (${status}); log in again`);
  }
  if (status === 403) throw fail('REGISTRY_FORBIDDEN', `refused ${withWhat} (403)`);
  if (status === 429) throw fail('REGISTRY_THROTTLED', 'asks to come back later (429)');
  if (status === 408 || status >= 500) throw fail('REGISTRY_UNAVAILABLE', `failed (${status})`);
  if (status !== 200) throw fail('REGISTRY_PROTOCOL', `answered ${status}`);
  const answer = parseObject(body);
  const token = answer?.['token'] || answer?.['access_token'];
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw fail('REGISTRY_PROTOCOL', 'did not answer with a JSON object that has a token');
  }
  const lifetime = answer?.['expires_in'];
  return {
    token,
    lifetime: typeof lifetime === 'number' && lifetime > 0 ? lifetime : DEFAULT_LIFETIME,
  };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}
