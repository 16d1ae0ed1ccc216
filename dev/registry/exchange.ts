import type { IncomingHttpHeaders } from 'node:http';

/** One request as the handlers see it: target split, body read. */
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

/** What a fault hook may answer: a response, or the connection cut without one. */
export type Fault = RegistryResponse | 'drop';

/** A request as it was answered, for tests that ask who was told what. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** 0 when the connection was cut. */
  readonly status: number;
  /** `registry`, or `side`: the second origin, that stands for a blob store or a token service. */
  readonly server: 'registry' | 'side';
  /** Lower-case names. */
  readonly headers: IncomingHttpHeaders;
  /** Bytes of the bodies: of the request, and of the answer (that of a HEAD is not sent). */
  readonly taken: number;
  readonly given: number;
  /** Where the client's end of the connection was: the same for requests on the same one. */
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
