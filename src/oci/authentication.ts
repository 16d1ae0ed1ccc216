import { SignedImageError } from '../error';
import { encodingsOf } from '../error/redaction';
import { type Challenge, parseChallenges } from './challenge';
import {
  type Credentials,
  type CredentialSource,
  encodeBasic,
  isSame,
  secretsOf,
} from './credentials';
import { grants, requestToken, type SendRequest } from './token-request';

/** The access that a request needs: the repository's path, and pull, push (which includes pull) or delete. */
export interface Scope {
  readonly path: string;
  readonly access: 'pull' | 'push' | 'delete';
  /** A further repository to pull from, to mount its blobs. */
  readonly from?: string | undefined;
}

interface CachedToken {
  readonly header: string;
  readonly token: string;
  readonly expiresAt: number;
}

/** The challenges of a 401 response, and the `Authorization` of the request. */
interface Challenged {
  readonly challenges: readonly Challenge[];
  readonly scope: Scope;
  readonly authorization: string | undefined;
}

/** Actions of token scopes; none includes another. */
const ACTIONS = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' } as const;
/** A shorter encoding occurs by chance. */
const MIN_ENCODING_LENGTH = 4;
/** A token is not used shortly before it expires: it could expire in transit. */
const EXPIRY_MARGIN_MS = 5_000;

/**
 * The authentication for one registry: responds to its challenges and caches tokens and credentials.
 * Credentials are read only when the registry sends a challenge, and again when they are rejected:
 * those of a credential helper may have expired while an image was built.
 */
export class Authenticator {
  readonly #base: URL;
  readonly #registry: string;
  readonly #source: CredentialSource;
  readonly #send: SendRequest;
  readonly #now: () => number;
  /** By scope (`path:access`). A changed realm or service comes with a new challenge. */
  readonly #tokens = new Map<string, CachedToken>();
  readonly #pending = new Map<string, Promise<string | undefined>>();
  readonly #secrets = new Set<string>();
  /** By the path of the repository: one registry may have several logins. */
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  /** Headers that are sent without a token request (Basic, registry tokens), by repository path. */
  readonly #headers = new Map<string, string>();

  constructor(options: {
    readonly registry: string;
    readonly base: URL;
    readonly source: CredentialSource;
    readonly send: SendRequest;
    readonly now: () => number;
  }) {
    this.#registry = options.registry;
    this.#base = options.base;
    this.#source = options.source;
    this.#send = options.send;
    this.#now = options.now;
  }

  /** Returns the cached `Authorization` header; `undefined` before the first challenge. */
  current(scope: Scope): string | undefined {
    const header = this.#headers.get(scope.path);
    if (header !== undefined) return header;
    const own = this.#validToken(scope);
    if (own || scope.access !== 'pull') return own?.header;
    // A push token also grants pull, which saves a token request.
    const wider: Scope = { ...scope, access: 'push' };
    return this.grants(wider) === false ? undefined : this.#validToken(wider)?.header;
  }

  /**
   * Returns the `Authorization` header for a challenge of a 401 response; `undefined` if there is no
   * other one than the rejected header.
   *
   * @throws SignedImageError if the credentials are unreadable or the token service rejects them
   */
  async respondToChallenge(
    header: string,
    scope: Scope,
    authorization: string | undefined,
  ): Promise<string | undefined> {
    const now = this.current(scope);
    // A concurrent request has authenticated already.
    if (now !== undefined && now !== authorization) return now;
    if (authorization !== undefined) this.#tokens.delete(keyOf(scope));
    const challenges = parseChallenges(header);
    return this.#once(keyOf(scope), () => this.#authenticate({ challenges, scope, authorization }));
  }

  /**
   * Returns the header to send after credentials were rejected without a challenge (403, or 400 from
   * registries that report an expired login so); `undefined` if the user's login has not changed.
   */
  async renew(scope: Scope, authorization: string): Promise<string | undefined> {
    const header = this.#headers.get(scope.path);
    if (header === undefined) return undefined;
    if (header !== authorization) return header;
    return this.#once(`${scope.path}:renewal`, async () => {
      const credentials = await this.#findOther(scope.path);
      return credentials && this.#useDirectly(scope.path, credentials);
    });
  }

  /** Whether the cached token grants the access; `undefined` if the token does not show it. */
  grants(scope: Scope): boolean | undefined {
    const cached = this.#validToken(scope);
    return cached && grants(cached.token, scope.path, scope.access);
  }

  /** Returns the credentials for a repository's path, reading them on first use. */
  credentials(path: string): Promise<Credentials | undefined> {
    const known = this.#credentials.get(path) ?? this.#find(path, false);
    this.#credentials.set(path, known);
    return known;
  }

  /** Redacts the secrets that were sent to the registry in text that it returned, in all their encodings. */
  redact(text: string): string {
    const shapes = [...this.#secrets].flatMap((secret) => [
      secret,
      ...encodingsOf(secret).filter(({ length }) => length >= MIN_ENCODING_LENGTH),
    ]);
    return [...new Set(shapes)]
      .filter((shape) => shape !== '')
      .sort((a, b) => b.length - a.length)
      .reduce((clean, shape) => clean.replaceAll(shape, '***'), text);
  }

  async #find(path: string, bypassCache: boolean): Promise<Credentials | undefined> {
    const found = await this.#source({ registry: this.#registry, path }, { bypassCache });
    if (found) for (const secret of secretsOf(found)) this.#secrets.add(secret);
    return found;
  }

  /** Returns credentials other than the rejected ones; `undefined` if there are none. */
  async #findOther(path: string): Promise<Credentials | undefined> {
    const rejected = await this.credentials(path);
    const pending = this.#find(path, true);
    const found = await pending;
    if (!found || isSame(found, rejected)) return undefined;
    this.#credentials.set(path, pending);
    return found;
  }

  /** Shares the result of concurrent calls with the same key. */
  #once(key: string, work: () => Promise<string | undefined>): Promise<string | undefined> {
    const pending = this.#pending.get(key) ?? work().finally(() => this.#pending.delete(key));
    this.#pending.set(key, pending);
    return pending;
  }

  async #authenticate(challenged: Challenged): Promise<string | undefined> {
    const { path } = challenged.scope;
    // Credentials that are read now cannot have expired since.
    const wereCached = this.#credentials.has(path);
    let rejection: unknown;
    try {
      const header = await this.#authorize(challenged, await this.credentials(path));
      if (header !== undefined) return header;
    } catch (error) {
      if (!isAccessError(error)) throw error;
      rejection = error;
    }
    const others = wereCached ? await this.#findOther(path) : undefined;
    if (others) return this.#authorize(challenged, others);
    if (rejection !== undefined) throw rejection;
    return undefined;
  }

  /** @returns `undefined` if there are no credentials, or only those that were rejected */
  async #authorize(
    { challenges, scope, authorization }: Challenged,
    credentials: Credentials | undefined,
  ): Promise<string | undefined> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (!bearer && !basic) {
      throw new SignedImageError({
        code: 'REGISTRY_PROTOCOL',
        message: `registry ${this.#registry} requires an authentication scheme that is neither Basic nor Bearer (${challenges.map(({ scheme }) => scheme).join(', ') || 'none'})`,
      });
    }
    if (bearer && credentials?.kind !== 'registry-token')
      return this.#requestBearer(bearer, scope, credentials);
    const header = credentials && this.#useDirectly(scope.path, credentials);
    return header === authorization ? undefined : header;
  }

  /** Caches the header for credentials that are sent without a token request. */
  #useDirectly(path: string, credentials: Credentials): string | undefined {
    if (credentials.kind === 'identity-token') return undefined;
    const header =
      credentials.kind === 'registry-token'
        ? `Bearer ${credentials.token}`
        : `Basic ${encodeBasic(credentials)}`;
    this.#headers.set(path, header);
    return header;
  }

  async #requestBearer(
    challenge: Challenge,
    scope: Scope,
    credentials: Credentials | undefined,
  ): Promise<string> {
    const { token, lifetime } = await requestToken(
      this.#base,
      challenge,
      requestedScope(scope, challenge),
      credentials,
      this.#send,
    );
    this.#secrets.add(token);
    const header = `Bearer ${token}`;
    const expiresAt = this.#now() + lifetime * 1000 - EXPIRY_MARGIN_MS;
    this.#tokens.set(keyOf(scope), { header, token, expiresAt });
    return header;
  }

  #validToken(scope: Scope): CachedToken | undefined {
    const own = this.#tokens.get(keyOf(scope));
    if (own && own.expiresAt > this.#now()) return own;
    // A push token also grants pull.
    return scope.access === 'pull' ? this.#validToken({ ...scope, access: 'push' }) : undefined;
  }
}

/**
 * Returns only the scope that the request needs: the one in the challenge of `/v2/` may be a
 * placeholder (`repository:user/image:pull`), which a strict token service rejects. If a token for
 * this repository was insufficient, the actions in the registry's challenge are added.
 *
 * https://distribution.github.io/distribution/spec/auth/scope/
 */
function requestedScope({ path, access, from }: Scope, { parameters }: Challenge): string {
  const actions = new Set<string>(ACTIONS[access].split(','));
  if (parameters['error'] === 'insufficient_scope') {
    const own = `repository:${path}:`;
    const named = (parameters['scope'] ?? '').split(' ').filter((scope) => scope.startsWith(own));
    for (const action of named.flatMap((scope) => scope.slice(own.length).split(',')))
      if (/^([a-z]+|\*)$/.test(action)) actions.add(action);
  }
  const mounted = from === undefined ? '' : ` repository:${from}:pull`;
  return `repository:${path}:${[...actions].join(',')}${mounted}`;
}

function isAccessError(error: unknown): boolean {
  return (
    error instanceof SignedImageError &&
    (error.code === 'REGISTRY_UNAUTHORIZED' || error.code === 'REGISTRY_FORBIDDEN')
  );
}

function keyOf({ path, access, from }: Scope): string {
  return from === undefined ? `${path}:${access}` : `${path}:${access}:${from}`;
}
