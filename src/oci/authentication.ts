import { SignedImageError } from '../error';
import { type Challenge, parseChallenges } from './challenge';
import { type Credentials, type CredentialSource, encodeBasic, secretsOf } from './credentials';
import { grants } from './token-grant';
import { requestToken } from './token-request';
import type { HttpRequest, HttpResponse } from './transport';

/** What a request needs: a repository's path, and to read it, to write it too, or to delete from it. */
export interface Scope {
  readonly path: string;
  readonly access: 'pull' | 'push' | 'delete';
}

interface CachedToken {
  readonly header: string;
  readonly token: string;
  readonly ends: number;
}

/** As token services have them; a right is no part of another. */
const ACTIONS = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' } as const;
/** A token is not used in its last seconds: it would end on the way. */
const MARGIN = 5_000;

/**
 * The authentication of one registry: answers its challenges and keeps what was got. Credentials
 * are looked for only when the registry asks.
 */
export class Authenticator {
  readonly #registry: string;
  readonly #base: URL;
  readonly #source: CredentialSource;
  readonly #send: (
    request: HttpRequest,
    authorization: string | undefined,
  ) => Promise<HttpResponse>;
  readonly #now: () => number;
  /** By `path:access`, and so by scope. A changed realm or service comes with a new challenge. */
  readonly #tokens = new Map<string, CachedToken>();
  readonly #asking = new Map<string, Promise<string | undefined>>();
  readonly #secrets = new Set<string>();
  #credentials: Promise<Credentials | undefined> | undefined;
  #fixed: string | undefined;

  constructor(options: {
    readonly registry: string;
    readonly base: URL;
    readonly source: CredentialSource;
    readonly send: (
      request: HttpRequest,
      authorization: string | undefined,
    ) => Promise<HttpResponse>;
    readonly now: () => number;
  }) {
    this.#registry = options.registry;
    this.#base = options.base;
    this.#source = options.source;
    this.#send = options.send;
    this.#now = options.now;
  }

  /** The `Authorization` to begin with; `undefined` before the first challenge. */
  current(scope: Scope): string | undefined {
    if (this.#fixed !== undefined) return this.#fixed;
    const own = this.#usable(scope);
    if (own || scope.access !== 'pull') return own?.header;
    // A token to push is one to pull too, and saves asking for another.
    const wider: Scope = { ...scope, access: 'push' };
    return this.grants(wider) === false ? undefined : this.#usable(wider)?.header;
  }

  /**
   * Answers a 401. `undefined`: nothing better than what was refused can be had.
   *
   * @throws SignedImageError when the credentials are unreadable or the token service refuses
   */
  async answer(
    header: string,
    scope: Scope,
    refused: string | undefined,
  ): Promise<string | undefined> {
    const now = this.current(scope);
    // Another request has answered meanwhile.
    if (now !== undefined && now !== refused) return now;
    const key = keyOf(scope);
    if (refused !== undefined) this.#tokens.delete(key);
    let asking = this.#asking.get(key);
    if (!asking) {
      asking = this.#ask(parseChallenges(header), scope, refused).finally(() =>
        this.#asking.delete(key),
      );
      this.#asking.set(key, asking);
    }
    return asking;
  }

  /** Whether the cached token says that it has the right; `undefined` when it does not say. */
  grants(scope: Scope): boolean | undefined {
    const cached = this.#usable(scope);
    return cached && grants(cached.token, scope.path, scope.access);
  }

  /** The credentials in use. Asks for them if that was not done yet. */
  credentials(): Promise<Credentials | undefined> {
    this.#credentials ??= this.#source(this.#registry).then((found) => {
      if (found) for (const secret of secretsOf(found)) this.#secrets.add(secret);
      return found;
    });
    return this.#credentials;
  }

  /** A foreign text without the secrets that were sent to its author. */
  redact(text: string): string {
    let clean = text;
    for (const secret of this.#secrets)
      if (secret.length > 0) clean = clean.replaceAll(secret, '***');
    return clean;
  }

  async #ask(
    challenges: readonly Challenge[],
    scope: Scope,
    refused: string | undefined,
  ): Promise<string | undefined> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (!bearer && !basic) {
      throw new SignedImageError({
        code: 'REGISTRY_PROTOCOL',
        message: `registry ${this.#registry} asks for an authentication that is neither Basic nor Bearer (${challenges.map(({ scheme }) => scheme).join(', ') || 'none named'})`,
      });
    }
    const credentials = await this.credentials();
    if (credentials?.kind === 'registry-token') {
      this.#fixed = `Bearer ${credentials.token}`;
    } else if (bearer) {
      return this.#bearer(bearer, scope, credentials);
    } else if (credentials?.kind === 'password') {
      this.#fixed = `Basic ${encodeBasic(credentials)}`;
    }
    return this.#fixed === refused ? undefined : this.#fixed;
  }

  async #bearer(
    challenge: Challenge,
    scope: Scope,
    credentials: Credentials | undefined,
  ): Promise<string> {
    const text = `repository:${scope.path}:${ACTIONS[scope.access]}`;
    const { token, lifetime } = await requestToken(
      this.#base,
      challenge,
      text,
      credentials,
      this.#send,
    );
    this.#secrets.add(token);
    const header = `Bearer ${token}`;
    this.#tokens.set(keyOf(scope), { header, token, ends: this.#now() + lifetime * 1000 - MARGIN });
    return header;
  }

  #usable(scope: Scope): CachedToken | undefined {
    const own = this.#tokens.get(keyOf(scope));
    if (own && own.ends > this.#now()) return own;
    // What may write may read.
    return scope.access === 'pull' ? this.#usable({ ...scope, access: 'push' }) : undefined;
  }
}

function keyOf({ path, access }: Scope): string {
  return `${path}:${access}`;
}
