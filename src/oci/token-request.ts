import { SignedImageError } from '../error';
import { parseBoundedJson } from '../http/json-bounds';
import { isLocalHost, isLoopback } from '../http/local-address';
import type { HttpRequest, HttpResponse } from '../http/message';
import { isUnauthenticated } from './answer';
import type { Challenge } from './challenge';
import { type Credentials, encodeBasic } from './credentials';

export interface BearerToken {
  readonly token: string;
  /** Seconds. */
  readonly lifetime: number;
}

/** Sends a request with the given `Authorization`. */
export type SendRequest = (
  request: HttpRequest,
  authorization: string | undefined,
) => Promise<HttpResponse>;

/** Maximum number of JSON values in a token response: a token, its lifetime, and extensions. */
const MAX_TOKEN_RESPONSE_VALUES = 1000;
const CLIENT_ID = 'pulumi-signed-image';
/** Default of the token specification for `expires_in`. */
const DEFAULT_LIFETIME_SECONDS = 60;

/**
 * Requests a token for the scope from the realm of a Bearer challenge: with a refresh token by
 * OAuth2, with a password by Basic, else anonymously.
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
  const realm = parseRealm(registry, parameters['realm']);
  const query = new URLSearchParams();
  const service = parameters['service'];
  if (service !== undefined) query.set('service', service);

  if (credentials?.kind === 'identity-token') {
    query.set('grant_type', 'refresh_token');
    query.set('client_id', CLIENT_ID);
    query.set('refresh_token', credentials.token);
    query.set('scope', scope);
    const request: HttpRequest = {
      method: 'POST',
      url: realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: Buffer.from(query.toString()),
    };
    return parseToken(registry, realm, await send(request, undefined), credentials);
  }
  const url = new URL(realm);
  for (const [name, value] of query) url.searchParams.set(name, value);
  // In a query each scope is a parameter of its own, and in a form they are separated by spaces.
  url.searchParams.delete('scope');
  for (const each of scope.split(' ')) url.searchParams.append('scope', each);
  const authorization =
    credentials?.kind === 'password' ? `Basic ${encodeBasic(credentials)}` : undefined;
  const response = await send(
    { method: 'GET', url, headers: { accept: 'application/json' } },
    authorization,
  );
  return parseToken(registry, realm, response, credentials);
}

/** Parameters of the token protocol, which a realm has no business to bring along. */
const OURS_TO_ASK = [
  ...['scope', 'client_id', 'grant_type', 'refresh_token', 'access_type'],
  ...['offline_token', 'account', 'username', 'password'],
];

/**
 * Returns the realm if credentials may be sent there: over https; or over plain http if the registry
 * itself uses it, to the same host or this machine. A local address is allowed only for a registry on
 * loopback, and never if a name resolves to it (see `guardedLookup`).
 */
function parseRealm(registry: URL, realm: string | undefined): URL {
  if (realm === undefined || !URL.canParse(realm)) {
    throw new SignedImageError({
      code: 'REGISTRY_PROTOCOL',
      message: `registry ${registry.host} requires a Bearer token, but the realm of its challenge is not a URL`,
    });
  }
  const url = new URL(realm);
  const isSameHost = registry.hostname === url.hostname;
  const insecure = (what: string): SignedImageError =>
    new SignedImageError({
      code: 'REGISTRY_INSECURE',
      message: `registry ${registry.host} has the token service ${url.protocol}//${url.host}, ${what}: credentials are not sent there`,
    });
  if (isLocalHost(url) && !isSameHost && !isLoopback(registry))
    throw insecure('which is on this machine or link, unlike the registry');
  const allowsPlain = registry.protocol === 'http:' && (isSameHost || isLocalHost(url));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowsPlain))
    throw insecure('which does not use https');
  url.username = '';
  url.password = '';
  // What is asked for is ours to say: a service adds the scopes in a query to those of a form.
  for (const name of OURS_TO_ASK) url.searchParams.delete(name);
  return url;
}

function parseToken(
  registry: URL,
  realm: URL,
  response: HttpResponse,
  credentials: Credentials | undefined,
): BearerToken {
  const { status, body } = response;
  const tokenService = `the token service ${realm.host} of registry ${registry.host}`;
  const fail = (code: SignedImageError['code'], what: string): SignedImageError =>
    new SignedImageError({ code, message: `${tokenService} ${what}` });
  const subject = credentials
    ? `the credentials from ${credentials.source}`
    : 'an anonymous request';
  // OAuth2 returns 400 for an expired refresh token (invalid_grant).
  if (status === 401 || (status === 400 && credentials?.kind === 'identity-token')) {
    throw fail('REGISTRY_UNAUTHORIZED', `rejected ${subject} (${status}); log in again`);
  }
  // Some services return 400 for an expired password or token, with the reason in the body.
  if (isUnauthenticated(response)) {
    throw fail('REGISTRY_UNAUTHORIZED', `rejected ${subject} (400); log in again`);
  }
  if (status === 403) {
    throw fail(
      'REGISTRY_FORBIDDEN',
      credentials
        ? `rejected ${subject} (403): they have expired or do not have this permission; log in again, or grant the permission`
        : `rejected ${subject} (403); log in`,
    );
  }
  if (status === 429)
    throw fail('REGISTRY_THROTTLED', 'returned 429: its rate limit is exceeded; try again later');
  if (status === 408 || status >= 500)
    throw fail('REGISTRY_UNAVAILABLE', `failed (${status}); try again later`);
  if (status !== 200) throw fail('REGISTRY_PROTOCOL', `returned ${status}`);
  const parsed = parseObject(body);
  const token = parsed?.['token'] || parsed?.['access_token'];
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) {
    throw fail('REGISTRY_PROTOCOL', 'did not return a JSON object with a token');
  }
  const lifetime = parsed?.['expires_in'];
  return {
    token,
    lifetime: typeof lifetime === 'number' && lifetime > 0 ? lifetime : DEFAULT_LIFETIME_SECONDS,
  };
}

function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed = parseBoundedJson(body, MAX_TOKEN_RESPONSE_VALUES);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** Maximum number of JSON values in a token. The claims of a larger one are not read. */
const MAX_CLAIMS = 10_000;

/**
 * Returns whether a token grants an action, if its claims can be read; else `undefined`. This is not
 * a trust decision (the registry verifies its own tokens); it only reports a missing permission
 * before the first write.
 *
 * https://distribution.github.io/distribution/spec/auth/jwt/ (claim `access`)
 */
export function grants(
  token: string,
  repositoryPath: string,
  action: 'pull' | 'push' | 'delete',
): boolean | undefined {
  const access = accessClaim(token);
  if (!access) return undefined;
  if (access.length === 0) return false;
  const entry = access.find(
    (item): item is { actions: unknown[] } =>
      typeof item === 'object' &&
      item !== null &&
      'name' in item &&
      item.name === repositoryPath &&
      'actions' in item &&
      Array.isArray(item.actions),
  );
  return entry && (entry.actions.includes(action) || entry.actions.includes('*'));
}

function accessClaim(token: string): readonly unknown[] | undefined {
  const parts = token.split('.');
  if (parts.length !== 3) return undefined;
  try {
    const text = Buffer.from(parts[1] ?? '', 'base64url');
    const claims = parseBoundedJson(text, MAX_CLAIMS);
    const isObject = typeof claims === 'object' && claims !== null;
    return isObject && 'access' in claims && Array.isArray(claims.access)
      ? claims.access
      : undefined;
  } catch {
    return undefined;
  }
}
