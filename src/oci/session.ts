import { type SignedImageError } from '../error';
import { refusalError } from './answer';
import { Authenticator, type Scope } from './authentication';
import type { CredentialSource } from './credentials';
import type { Endpoint } from './endpoint';
import { formatRepository, type Repository } from './reference';
import { type Clock, retrying, type RetryBudget } from './retry';
import type { HttpRequest, HttpResponse, Transport } from './transport';

export interface SessionOptions {
  readonly endpoint: Endpoint;
  readonly transport: Transport;
  readonly source: CredentialSource;
  readonly budget: RetryBudget;
  readonly clock: Clock;
}

/** The conversation with one registry: authenticated, and tried again while that may help. */
export class RegistrySession {
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  readonly authenticator: Authenticator;
  /** Repositories (paths) of which it was said twice that they have no referrers API. */
  readonly withoutReferrersApi = new Set<string>();
  readonly #transport: Transport;
  readonly #budget: RetryBudget;

  constructor({ endpoint, transport, source, budget, clock }: SessionOptions) {
    this.endpoint = endpoint;
    this.clock = clock;
    this.#transport = transport;
    this.#budget = budget;
    this.authenticator = new Authenticator({
      registry: endpoint.registry,
      base: endpoint.base,
      source,
      send: (request, authorization) =>
        retrying(budget, clock, () => transport.send(request, authorization)),
      now: clock.now,
    });
  }

  /** `path` below the repository: `manifests/latest`. */
  url(repository: Repository, path: string): URL {
    return new URL(`v2/${repository.path}/${path}`, this.endpoint.base);
  }

  send(request: HttpRequest, scope: Scope): Promise<HttpResponse> {
    return this.retry(() => this.sendOnce(request, scope));
  }

  retry(attempt: () => Promise<HttpResponse>): Promise<HttpResponse> {
    return retrying(this.#budget, this.clock, attempt);
  }

  /** One request, made again once with the answer to a challenge. */
  async sendOnce(request: HttpRequest, scope: Scope): Promise<HttpResponse> {
    // An upload may be sent elsewhere: that place is owed no credentials of this registry.
    if (!this.#isOwn(request.url)) return this.#transport.send(request, undefined);
    const authorization = this.authenticator.current(scope);
    const response = await this.#transport.send(request, authorization);
    const challenge = response.headers['www-authenticate'];
    if (response.status !== 401 || challenge === undefined || !this.#isOwn(response.url))
      return response;
    const better = await this.authenticator.answer(challenge, scope, authorization);
    return better === undefined ? response : this.#transport.send(request, better);
  }

  /** The error for an answer that is no success. */
  async refusal(
    response: HttpResponse,
    doing: string,
    repository: Repository,
  ): Promise<SignedImageError> {
    const wasAsked = response.status === 401 || response.status === 403;
    const credentials = wasAsked ? await this.authenticator.credentials() : undefined;
    return refusalError({
      response,
      doing: `${doing} (${formatRepository(repository)})`,
      registry: this.endpoint.registry,
      credentialsFrom: credentials?.source,
      redact: (text) => this.authenticator.redact(text),
    });
  }

  #isOwn(url: URL): boolean {
    return url.origin === this.endpoint.base.origin;
  }
}
