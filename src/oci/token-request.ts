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

/** Sends a request with that `Authorization`. */
export type SendRequest = (
  request: HttpRequest,
  authorization: string | undefined,
) => Promise<HttpResponse>;

/** JSON values in an answer: a token, its lifetime, and what some services add. */
const MAX_TOKEN_ANSWER_VALUES = 1000;
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
  for (const [name, value] of asked) url.searchParams.set(name, value);
  const authorization =
    credentials?.kind === 'password' ? `Basic ${encodeBasic(credentials)}` : undefined;
  const response = await send(
    { method: 'GET', url, headers: { accept: 'application/json' } },
    authorization,
  );
  return readToken(registry, realm, response, credentials);
}

/** Parameters of the token protocol, which a realm has no business to bring along. */
const OURS_TO_ASK = [
  ...['scope', 'client_id', 'grant_type', 'refresh_token', 'access_type'],
  ...['offline_token', 'account', 'username', 'password'],
];

/**
 * The realm, if credentials may be sent there: by https; or in plain http where the registry itself
 * is spoken to so, at the same host or on this machine. A local address is followed only for a
 * registry on loopback, and never one that a name leads to (see `guardedLookup`).
 */
function tokenRealm(registry: URL, realm: string | undefined): URL {
  if (realm === undefined || !URL.canParse(realm)) {
    throw new SignedImageError({
      code: 'REGISTRY_PROTOCOL',
      message: `registry ${registry.host} requires a Bearer token and names no URL to request it from (its realm is not a URL)`,
    });
  }
  const url = new URL(realm);
  const isSameHost = registry.hostname === url.hostname;
  const refused = (what: string): SignedImageError =>
    new SignedImageError({
      code: 'REGISTRY_INSECURE',
      message: `registry ${registry.host} sends its clients for a token to ${url.protocol}//${url.host}, ${what}: no credentials are sent there`,
    });
  if (isLocalHost(url) && !isSameHost && !isLoopback(registry))
    throw refused('which is on this machine or link, and the registry is not');
  const allowsPlain = registry.protocol === 'http:' && (isSameHost || isLocalHost(url));
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowsPlain))
    throw refused('which is not https');
  url.username = '';
  url.password = '';
  // What is asked for is ours to say: a service adds the scopes in a query to those of a form.
  for (const name of OURS_TO_ASK) url.searchParams.delete(name);
  return url;
}

function readToken(
  registry: URL,
  realm: URL,
  response: HttpResponse,
  credentials: Credentials | undefined,
): BearerToken {
  const { status, body } = response;
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
  // Some services answer an expired password or token with 400 and the reason in their own words.
  if (isUnauthenticated(response)) {
    throw fail('REGISTRY_UNAUTHORIZED', `refused ${withWhat} (400); log in again`);
  }
  if (status === 403) {
    throw fail(
      'REGISTRY_FORBIDDEN',
      `refused ${withWhat} (403): they have expired or do not have this right; log in again, or grant the right`,
    );
  }
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
    const parsed = parseBoundedJson(body, MAX_TOKEN_ANSWER_VALUES);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : undefined;
  } catch {
    return undefined;
  }
}

/** JSON values in a token. One with more says nothing to us, and the registry reads it itself. */
const MAX_CLAIMS = 10_000;

/**
 * What a token says of the rights in it, as far as it can be read: `undefined` when it does not say.
 * It decides nothing about trust (the registry checks its own tokens); it only lets a missing right
 * be told before the first write.
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
