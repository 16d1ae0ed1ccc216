import { type SignedImageError } from '../error';
import { isInsufficientScope, refusalError, isUnauthenticated } from './answer';
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

/** The conversation with one registry: authenticated, and tried again while that may help. */
export class RegistrySession {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** Of the piece of work that this conversation is about. */
  readonly fallbackTags: FallbackTagCache;
  readonly #options: SessionOptions;
  readonly #deadline: Deadline | undefined;

  private constructor(
    options: SessionOptions,
    authenticator: Authenticator,
    deadline: Deadline | undefined,
    sights: FallbackTagCache,
  ) {
    this.fallbackTags = sights;
    this.endpoint = options.endpoint;
    this.clock = options.clock;
    this.authenticator = authenticator;
    this.#options = options;
    this.#deadline = deadline;
  }

  static open(options: SessionOptions): RegistrySession {
    const { endpoint, transport, source, budget, clock } = options;
    // Tokens are for all pieces of work, so none of these has its deadline on them.
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
   * The same conversation for one piece of work, which began then and has to end in time.
   *
   * @param sights what this piece of work has seen so far
   */
  task(began: number, sights: FallbackTagCache): RegistrySession {
    const { endpoint, budget, clock } = this.#options;
    const deadline = new Deadline(endpoint.registry, budget.task, clock.now, began);
    return new RegistrySession(this.#options, this.authenticator, deadline, sights);
  }

  traits(repository: Repository): RegistryTraits {
    return this.#options.traits.of(repository);
  }

  /** `path` below the repository: `manifests/latest`. */
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
   * One request, made again with the answer to a challenge; and once more where the token that was
   * the answer lacks a right that the registry names.
   */
  async sendOnce(request: HttpRequest, scope: Scope): Promise<HttpResponse> {
    // An upload may be sent elsewhere: that place is owed no credentials of this registry.
    if (!this.#isOwn(request.url)) return this.#exchange(request, undefined);
    let authorization = this.authenticator.current(scope);
    let response = await this.#exchange(request, authorization);
    for (let answers = 0; answers < 2 && this.#isOwn(response.url); answers += 1) {
      if (answers === 1 && !isInsufficientScope(response)) break;
      const answering = this.#better(response, scope, authorization);
      const better = await (this.#deadline?.waitFor(answering) ?? answering);
      if (better === undefined) break;
      authorization = better;
      response = await this.#exchange(request, better);
    }
    return response;
  }

  /** What to send after a refusal; `undefined`: nothing else than what was sent. */
  async #better(
    response: HttpResponse,
    scope: Scope,
    authorization: string | undefined,
  ): Promise<string | undefined> {
    const challenge = response.headers['www-authenticate'];
    if (response.status === 401 && challenge !== undefined)
      return this.authenticator.answer(challenge, scope, authorization);
    const isRefused = response.status === 403 || isUnauthenticated(response);
    return isRefused && authorization !== undefined
      ? this.authenticator.renew(scope, authorization)
      : undefined;
  }

  /** The error for an answer that is no success. */
  async refusal(
    response: HttpResponse,
    doing: string,
    repository: Repository,
  ): Promise<SignedImageError> {
    const wasAsked =
      response.status === 401 || response.status === 403 || isUnauthenticated(response);
    const credentials = wasAsked
      ? await this.authenticator.credentials(repository.path)
      : undefined;
    return refusalError({
      response,
      doing: `${doing} (${formatRepository(repository)})`,
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
