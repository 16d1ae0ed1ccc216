import { SignedImageError } from '../error';
import { shapesOf } from '../error/redaction';
import { type Challenge, parseChallenges } from './challenge';
import {
  type Credentials,
  type CredentialSource,
  encodeBasic,
  isSame,
  secretsOf,
} from './credentials';
import { grants, requestToken, type SendRequest } from './token-request';

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

/** What the registry asked for, and what was sent before it did. */
interface Refused {
  readonly challenges: readonly Challenge[];
  readonly scope: Scope;
  readonly authorization: string | undefined;
}

/** As token services have them; a right is no part of another. */
const ACTIONS = { pull: 'pull', push: 'pull,push', delete: 'pull,delete' } as const;
/** A shorter one occurs by chance. */
const SHORTEST_SHAPE = 4;
/** A token is not used in its last seconds: it would end on the way. */
const MARGIN = 5_000;

/**
 * The authentication of one registry: answers its challenges and keeps what was got. Credentials
 * are looked for only when the registry asks, and again when they are refused: those of a helper
 * may have ended while an image was built.
 */
export class Authenticator {
  readonly #base: URL;
  readonly #registry: string;
  readonly #source: CredentialSource;
  readonly #send: SendRequest;
  readonly #now: () => number;
  /** By `path:access`, and so by scope. A changed realm or service comes with a new challenge. */
  readonly #tokens = new Map<string, CachedToken>();
  readonly #asking = new Map<string, Promise<string | undefined>>();
  readonly #secrets = new Set<string>();
  /** By the path of the repository: one registry may have several logins. */
  readonly #credentials = new Map<string, Promise<Credentials | undefined>>();
  readonly #fixed = new Map<string, string>();

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

  /** The `Authorization` to begin with; `undefined` before the first challenge. */
  current(scope: Scope): string | undefined {
    const fixed = this.#fixed.get(scope.path);
    if (fixed !== undefined) return fixed;
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
    authorization: string | undefined,
  ): Promise<string | undefined> {
    const now = this.current(scope);
    // Another request has answered meanwhile.
    if (now !== undefined && now !== authorization) return now;
    if (authorization !== undefined) this.#tokens.delete(keyOf(scope));
    const challenges = parseChallenges(header);
    return this.#once(keyOf(scope), () => this.#ask({ challenges, scope, authorization }));
  }

  /**
   * What to send instead of credentials that were refused without a challenge (403, and 400 at
   * registries that report an expired login so). `undefined`: the user's login is still the same.
   */
  async renew(scope: Scope, authorization: string): Promise<string | undefined> {
    const fixed = this.#fixed.get(scope.path);
    if (fixed === undefined) return undefined;
    if (fixed !== authorization) return fixed;
    return this.#once(`${scope.path}:renewal`, async () => {
      const credentials = await this.#lookAgain(scope.path);
      return credentials && this.#fix(scope.path, credentials);
    });
  }

  /** Whether the cached token says that it has the right; `undefined` when it does not say. */
  grants(scope: Scope): boolean | undefined {
    const cached = this.#usable(scope);
    return cached && grants(cached.token, scope.path, scope.access);
  }

  /** The credentials in use for a repository's path. Asks for them if that was not done yet. */
  credentials(path: string): Promise<Credentials | undefined> {
    const known = this.#credentials.get(path) ?? this.#find(path, false);
    this.#credentials.set(path, known);
    return known;
  }

  /** A foreign text without the secrets that were sent to its author, who may show them in other shapes. */
  redact(text: string): string {
    const shapes = [...this.#secrets].flatMap((secret) => [
      secret,
      ...shapesOf(secret).filter(({ length }) => length >= SHORTEST_SHAPE),
    ]);
    return [...new Set(shapes)]
      .filter((shape) => shape !== '')
      .sort((a, b) => b.length - a.length)
      .reduce((clean, shape) => clean.replaceAll(shape, '***'), text);
  }

  async #find(path: string, anew: boolean): Promise<Credentials | undefined> {
    const found = await this.#source({ registry: this.#registry, path }, { anew });
    if (found) for (const secret of secretsOf(found)) this.#secrets.add(secret);
    return found;
  }

  /** Other credentials than those that were refused; `undefined` if there are none. */
  async #lookAgain(path: string): Promise<Credentials | undefined> {
    const refused = await this.credentials(path);
    const looking = this.#find(path, true);
    const found = await looking;
    if (!found || isSame(found, refused)) return undefined;
    this.#credentials.set(path, looking);
    return found;
  }

  #once(key: string, ask: () => Promise<string | undefined>): Promise<string | undefined> {
    const asking = this.#asking.get(key) ?? ask().finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #ask(refused: Refused): Promise<string | undefined> {
    const { path } = refused.scope;
    // What is found now cannot have ended since.
    const wasKnown = this.#credentials.has(path);
    let refusal: unknown;
    try {
      const answer = await this.#authorize(refused, await this.credentials(path));
      if (answer !== undefined) return answer;
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusal = error;
    }
    const others = wasKnown ? await this.#lookAgain(path) : undefined;
    if (others) return this.#authorize(refused, others);
    if (refusal !== undefined) throw refusal;
    return undefined;
  }

  /** @returns `undefined` when that is what was refused, or nothing */
  async #authorize(
    { challenges, scope, authorization }: Refused,
    credentials: Credentials | undefined,
  ): Promise<string | undefined> {
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const basic = challenges.find(({ scheme }) => scheme === 'basic');
    if (!bearer && !basic) {
      throw new SignedImageError({
        code: 'REGISTRY_PROTOCOL',
        message: `registry ${this.#registry} requires an authentication scheme that is neither Basic nor Bearer (${challenges.map(({ scheme }) => scheme).join(', ') || 'none named'})`,
      });
    }
    if (bearer && credentials?.kind !== 'registry-token')
      return this.#bearer(bearer, scope, credentials);
    const fixed = credentials && this.#fix(scope.path, credentials);
    return fixed === authorization ? undefined : fixed;
  }

  /** Credentials that are sent as they are. */
  #fix(path: string, credentials: Credentials): string | undefined {
    if (credentials.kind === 'identity-token') return undefined;
    const header =
      credentials.kind === 'registry-token'
        ? `Bearer ${credentials.token}`
        : `Basic ${encodeBasic(credentials)}`;
    this.#fixed.set(path, header);
    return header;
  }

  async #bearer(
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

/**
 * The scope that the request needs, and no other: the one that a registry names at `/v2/` may be a
 * placeholder (`repository:user/image:pull`), which a strict token service refuses. Only where a
 * token for this very repository was not enough, what the registry says is missing is added.
 *
 * https://distribution.github.io/distribution/spec/auth/scope/
 */
function requestedScope({ path, access }: Scope, { parameters }: Challenge): string {
  const actions = new Set<string>(ACTIONS[access].split(','));
  if (parameters['error'] === 'insufficient_scope') {
    const own = `repository:${path}:`;
    const named = (parameters['scope'] ?? '').split(' ').filter((scope) => scope.startsWith(own));
    for (const action of named.flatMap((scope) => scope.slice(own.length).split(',')))
      if (/^([a-z]+|\*)$/.test(action)) actions.add(action);
  }
  return `repository:${path}:${[...actions].join(',')}`;
}

function isRefusal(error: unknown): boolean {
  return (
    error instanceof SignedImageError &&
    (error.code === 'REGISTRY_UNAUTHORIZED' || error.code === 'REGISTRY_FORBIDDEN')
  );
}

function keyOf({ path, access }: Scope): string {
  return `${path}:${access}`;
}
