export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  /** The most bytes that an answer may have. Default 4 MiB. */
  readonly limit?: number | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

/** One exchange with a service: no redirect is followed, and nothing is sent again. */
export type HttpSend = (request: ServiceRequest) => Promise<HttpResponse>;

export interface ServiceRequest extends HttpRequest {
  /** Milliseconds for the whole exchange. Default: 60000. */
  readonly timeout?: number | undefined;
}

/** What the HTTP of services takes from the machine. */
export interface HttpHost {
  /** Holds the variables that configure proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: the client of this process. */
  readonly send?: HttpSend | undefined;
}
