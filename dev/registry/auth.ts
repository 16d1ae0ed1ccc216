import { randomBytes } from 'node:crypto';

import { json, refuse, type RegistryRequest, type RegistryResponse } from './exchange';
import type { AuthSettings, BearerSettings } from './settings';

export type Action = 'pull' | 'push' | 'delete';

/** The permissions of a request; `undefined` user: anonymous. */
export interface Access {
  readonly may: (repository: string, action: Action) => boolean;
}

interface Token {
  readonly scopes: ReadonlyMap<string, ReadonlySet<string>>;
  readonly ends: number;
}

const NAME = 'dev-registry';

/** Issued tokens, and the three ways to request one. */
export class Authority {
  readonly #tokens = new Map<string, Token>();

  /** The access of a request, or a response with the authentication challenge. */
  check(
    auth: AuthSettings,
    realm: string,
    { headers }: RegistryRequest,
    needed: { readonly repository: string; readonly action: Action } | undefined,
  ): Access | RegistryResponse {
    if (auth.kind === 'none') return { may: () => true };
    if (auth.kind === 'basic') {
      const user = basicUser(auth.users, headers.authorization);
      if (user === undefined) return unauthorized(`Basic realm="${NAME}"`);
      const may: Access['may'] = (_, action) => action === 'pull' || !auth.readOnly?.includes(user);
      if (needed && !may(needed.repository, needed.action)) {
        return refuse(403, 'DENIED', 'requested access to the resource is denied');
      }
      return { may };
    }
    const token = this.#tokens.get(/^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1] ?? '');
    const may: Access['may'] = (repository, action) =>
      token?.scopes.get(repository)?.has(action) ?? false;
    const valid = token !== undefined && token.ends > Date.now();
    if (valid && (!needed || may(needed.repository, needed.action))) return { may };
    const scope = needed
      ? `repository:${needed.repository}:${scopeActions(needed.action)}`
      : auth.placeholderScope;
    return unauthorized(
      `Bearer realm="${auth.realm ?? realm}",service="${NAME}"` +
        (scope === undefined ? '' : `,scope="${scope}"`) +
        (valid ? ',error="insufficient_scope"' : token ? ',error="invalid_token"' : ''),
    );
  }

  /** The token endpoint: GET with Basic or anonymous, POST with a refresh token or a password. */
  token(auth: BearerSettings, { method, headers, query, body }: RegistryRequest): RegistryResponse {
    const form = method === 'POST' ? new URLSearchParams(body.toString('utf8')) : query;
    if (form.get('service') !== NAME) return refuse(400, 'UNSUPPORTED', 'unknown service');
    const user =
      method === 'POST' ? oauthUser(auth, form) : basicUser(auth.users, headers.authorization);
    const anonymous = method === 'GET' && headers.authorization === undefined;
    if (user === undefined && !anonymous)
      return refuse(401, 'UNAUTHORIZED', 'incorrect username or password');
    if (
      auth.placeholderScope !== undefined &&
      form.getAll('scope').join(' ').includes(auth.placeholderScope)
    )
      return refuse(403, 'DENIED', 'requested access to the resource is denied');
    const scopes = new Map<string, Set<string>>();
    for (const scope of form.getAll('scope').flatMap((several) => several.split(' '))) {
      const match = /^repository:(.+):([a-z,*]+)$/.exec(scope);
      if (!match) continue;
      const [, name = '', actions = ''] = match;
      const given = actions.split(',').filter((action) => granted(auth, user, action));
      scopes.set(name, new Set([...(scopes.get(name) ?? []), ...given]));
    }
    const token = makeToken(auth.opaqueTokens === true ? undefined : scopes);
    const seconds = auth.tokenSeconds ?? 300;
    this.#tokens.set(token, { scopes, ends: Date.now() + seconds * 1000 });
    // OAuth2 responses have "access_token" only, older ones "token" too.
    return json(200, {
      ...(method === 'GET' && { token }),
      access_token: token,
      expires_in: seconds,
      issued_at: new Date().toISOString(),
    });
  }
}

/** Random, in the format of a JWT with readable claims, as issued by most token services. */
function makeToken(scopes: Token['scopes'] | undefined): string {
  const secret = randomBytes(18).toString('base64url');
  if (!scopes) return secret;
  const access = [...scopes]
    .filter(([, actions]) => actions.size > 0)
    .map(([name, actions]) => ({ type: 'repository', name, actions: [...actions] }));
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ typ: 'JWT', alg: 'none' })}.${part({ iss: NAME, access })}.${secret}`;
}

function granted(auth: BearerSettings, user: string | undefined, action: string): boolean {
  if (user === undefined) return action === 'pull' && auth.anonymousPull === true;
  return action === 'pull' || !auth.readOnly?.includes(user);
}

function scopeActions(action: Action): string {
  return action === 'push' ? 'pull,push' : action;
}

function basicUser(
  users: Readonly<Record<string, string>>,
  authorization?: string,
): string | undefined {
  const encoded = /^Basic (.+)$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  const name = text.slice(0, colon);
  return Object.hasOwn(users, name) && users[name] === text.slice(colon + 1) ? name : undefined;
}

function oauthUser(auth: BearerSettings, form: URLSearchParams): string | undefined {
  if (form.get('grant_type') === 'refresh_token') {
    return auth.refreshTokens?.[form.get('refresh_token') ?? ''];
  }
  const name = form.get('username') ?? '';
  const known = Object.hasOwn(auth.users, name) && auth.users[name] === form.get('password');
  return form.get('grant_type') === 'password' && known ? name : undefined;
}

function unauthorized(challenge: string): RegistryResponse {
  return refuse(401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge });
}
