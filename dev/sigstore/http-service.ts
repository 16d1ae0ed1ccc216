import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** `identity`: the doubles of dev/identity. */
export type ServiceName = 'issuer' | 'fulcio' | 'rekor' | 'rekor-v2' | 'tsa' | 'identity';

export interface ServiceRequest {
  readonly service: ServiceName;
  readonly method: string;
  /** Path without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ServiceAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/**
 * A fault of a service.
 * `answer`: responds with this instead of processing the request. `drop`: closes the connection without
 * processing the request. `lose`: processes the request, then closes the connection without a response.
 * `delay`: processes the request later.
 */
export type FaultAction =
  | { readonly kind: 'answer'; readonly answer: ServiceAnswer }
  | { readonly kind: 'drop' }
  | { readonly kind: 'lose' }
  | { readonly kind: 'delay'; readonly milliseconds: number };

/** Called for every request of a service; `undefined`: no fault. */
export type Fault = (request: ServiceRequest) => FaultAction | undefined;

/** One request to a service. `status` is that of the response; missing without a response. */
export interface RecordedRequest {
  readonly service: ServiceName;
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
  readonly status?: number;
}

export type Handler = (request: ServiceRequest) => Promise<ServiceAnswer> | ServiceAnswer;

export interface HttpService {
  readonly url: string;
  close(): Promise<void>;
}

export interface HttpServiceOptions {
  readonly name: ServiceName;
  readonly handler: Handler;
  readonly fault: () => Fault | undefined;
  readonly record: (request: RecordedRequest) => void;
}

/** Starts an HTTP server on the loopback interface, on a port that the system selects. */
export async function startHttpService(options: HttpServiceOptions): Promise<HttpService> {
  const server = createServer((incoming, outgoing) => {
    serve(options, incoming, outgoing).catch(() => outgoing.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => closeServer(server) };
}

export function json(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): ServiceAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  };
}

async function serve(
  { name, handler, fault, record }: HttpServiceOptions,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://127.0.0.1');
  const request: ServiceRequest = {
    service: name,
    method: incoming.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: await readBody(incoming),
  };
  const { method, path, body } = request;
  const action = fault()?.(request);
  if (action?.kind === 'delay') await delay(action.milliseconds);
  if (action?.kind === 'drop') {
    record({ service: name, method, path, body });
    outgoing.destroy();
    return;
  }
  const answer = action?.kind === 'answer' ? action.answer : await answerOf(handler, request);
  if (action?.kind === 'lose') {
    record({ service: name, method, path, body });
    outgoing.destroy();
    return;
  }
  record({ service: name, method, path, body, status: answer.status });
  outgoing.writeHead(answer.status, answer.headers);
  outgoing.end(answer.body);
}

async function answerOf(handler: Handler, request: ServiceRequest): Promise<ServiceAnswer> {
  try {
    return await handler(request);
  } catch (error) {
    return json(500, {
      code: 500,
      message: error instanceof Error ? error.message : String(error),
    });
  }
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.close((error) => (error ? reject(error) : resolve()));
    server.closeAllConnections();
  });
}
