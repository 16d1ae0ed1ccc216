import type { IncomingHttpHeaders } from 'node:http';

/** One request for the handlers, with parsed target and complete body. */
export interface RegistryRequest {
  readonly method: string;
  /** Path without query, decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface RegistryResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

/** The result of a fault hook: a response, or a closed connection without one. */
export type Fault = RegistryResponse | 'drop';

/** A request and its response status, for assertions of tests. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 0 if the connection was closed without a response. */
  readonly status: number;
  /** `registry`, or `side`: the second origin, used as a blob store or a token service. */
  readonly server: 'registry' | 'side';
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the request body and the response body (that of a HEAD is not sent). */
  readonly taken: number;
  readonly given: number;
  /** The client's address and port: equal for requests on the same connection. */
  readonly connection: string;
}

/** https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes */
export function refuse(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): RegistryResponse {
  return json(status, { errors: [{ code, message }] }, headers);
}

export function json(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): RegistryResponse {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}
