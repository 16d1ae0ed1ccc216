import { type SignedImageError } from '../error';
import { isInsufficientScope, toResponseError, isUnauthenticated } from './answer';
import { Authenticator, type Scope } from './authentication';
import type { CredentialSource } from './credentials';
import { Deadline } from '../http/deadline';
import type { Endpoint } from './endpoint';
import { formatRepository, type Repository } from './reference';
import type { RegistryTraits, TraitsByRepository } from './registry-traits';
import { retrying, type RetryBudget } from '../http/retry';
import { type Clock } from '../host/clock';
import { FallbackTagCache } from './fallback-tag-cache';
import type { Transport } from '../http/transport';
import type { HttpRequest, HttpResponse } from '../http/message';

export interface SessionOptions {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly source: CredentialSource;
  readonly budget: RetryBudget;
  readonly clock: Clock;
  readonly traits: TraitsByRepository;
}

/** Sends requests to one registry, with authentication and retries. */
export class RegistrySession {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** The fallback tags that this task has read. */
  readonly fallbackTags: FallbackTagCache;
  readonly #options: SessionOptions;
  readonly #deadline: Deadline | undefined;

  private constructor(
    options: SessionOptions,
    authenticator: Authenticator,
    deadline: Deadline | undefined,
    fallbackTags: FallbackTagCache,
  ) {
    this.fallbackTags = fallbackTags;
    this.endpoint = options.endpoint;
    this.clock = options.clock;
    this.authenticator = authenticator;
    this.#options = options;
    this.#deadline = deadline;
  }

  static open(options: SessionOptions): RegistrySession {
    const { endpoint, transport, source, budget, clock } = options;
    // All tasks share the tokens, so token requests do not have the deadline of a task.
    const authenticator = new Authenticator({
      registry: endpoint.registry,
      base: endpoint.base,
      source,
      send: (request, authorization) =>
        retrying(budget, clock, () => transport.send(request, authorization)),
      now: clock.now,
    });
    return new RegistrySession(options, authenticator, undefined, new FallbackTagCache());
  }

  /**
   * Returns a session for one task, with its deadline.
   *
   * @param began start of the task
   * @param fallbackTags the fallback tags that the task has read
   */
  task(began: number, fallbackTags: FallbackTagCache): RegistrySession {
    const { endpoint, budget, clock } = this.#options;
    const deadline = new Deadline(endpoint.registry, budget.task, clock.now, began);
    return new RegistrySession(this.#options, this.authenticator, deadline, fallbackTags);
  }

  traits(repository: Repository): RegistryTraits {
    return this.#options.traits.of(repository);
  }

  /** Returns the URL of a path below the repository: `manifests/latest`. */
  url(repository: Repository, path: string): URL {
    return new URL(`v2/${repository.path}/${path}`, this.endpoint.base);
  }

  send(request: HttpRequest, scope: Scope): Promise<HttpResponse> {
    return this.retry(() => this.sendOnce(request, scope));
  }

  retry(attempt: () => Promise<HttpResponse>): Promise<HttpResponse> {
    return retrying(this.#options.budget, this.clock, attempt, this.#deadline);
  }

  /**
   * Sends one request, and repeats it with credentials after a challenge; and once more if the token
   * lacks a scope that the registry requires.
   */
  async sendOnce(request: HttpRequest, scope: Scope): Promise<HttpResponse> {
    // An upload may go to another host, which must not receive the credentials of this registry.
    if (!this.#isOwn(request.url)) return this.#exchange(request, undefined);
    let authorization = this.authenticator.current(scope);
    let response = await this.#exchange(request, authorization);
    for (let attempt = 0; attempt < 2 && this.#isOwn(response.url); attempt += 1) {
      if (attempt === 1 && !isInsufficientScope(response)) break;
      const pending = this.#otherAuthorization(response, scope, authorization);
      const other = await (this.#deadline?.waitFor(pending) ?? pending);
      if (other === undefined) break;
      authorization = other;
      response = await this.#exchange(request, other);
    }
    return response;
  }

  /** Returns the `Authorization` to send after a rejection; `undefined` if there is no other one. */
  async #otherAuthorization(
    response: HttpResponse,
    scope: Scope,
    authorization: string | undefined,
  ): Promise<string | undefined> {
    const challenge = response.headers['www-authenticate'];
    if (response.status === 401 && challenge !== undefined)
      return this.authenticator.respondToChallenge(challenge, scope, authorization);
    const isRejected = response.status === 403 || isUnauthenticated(response);
    return isRejected && authorization !== undefined
      ? this.authenticator.renew(scope, authorization)
      : undefined;
  }

  /** Creates the error for an error response. */
  async responseError(
    response: HttpResponse,
    action: string,
    repository: Repository,
  ): Promise<SignedImageError> {
    const isAccessError =
      response.status === 401 || response.status === 403 || isUnauthenticated(response);
    const credentials = isAccessError
      ? await this.authenticator.credentials(repository.path)
      : undefined;
    return toResponseError({
      response,
      action: `${action} (${formatRepository(repository)})`,
      registry: this.endpoint.registry,
      credentialsFrom: credentials?.source,
      redact: (text) => this.authenticator.redact(text),
    });
  }

  async #exchange(request: HttpRequest, authorization: string | undefined): Promise<HttpResponse> {
    const { transport } = this.#options;
    if (!this.#deadline) return transport.send(request, authorization);
    try {
      return await transport.send(request, authorization, this.#deadline.left());
    } catch (error) {
      throw this.#deadline.isOver() ? this.#deadline.error(error) : error;
    }
  }

  #isOwn(url: URL): boolean {
    return url.origin === this.endpoint.base.origin;
  }
}
