import http from 'node:http';
import https from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';

/** One request that reached the proxy. */
export interface ProxiedRequest {
  /** `CONNECT`, or the method of a request in absolute form. */
  readonly method: string;
  /** `host:port`. */
  readonly target: string;
  /** The status of the proxy's own response; `undefined` if it forwarded the request. */
  readonly refused: number | undefined;
}

export interface RecordingProxyOptions {
  /** Basic credentials that a client must send, as `user:password`. Default: none. */
  readonly credentials?: string;
  /** PEM; with it the proxy serves TLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Maps a target to a `host:port` on loopback. Default: the target itself. */
  readonly locate?: (target: string) => string | undefined;
}

/** An HTTP proxy that records its requests. */
export interface RecordingProxy {
  /** `http(s)://127.0.0.1:port`, without credentials. */
  readonly url: string;
  readonly host: string;
  readonly requests: readonly ProxiedRequest[];
  clear(): void;
  close(): Promise<void>;
}

export async function startRecordingProxy({
  credentials,
  tls,
  locate = (target) => target,
}: RecordingProxyOptions = {}): Promise<RecordingProxy> {
  const requests: ProxiedRequest[] = [];
  const sockets = new Set<Socket>();
  const expected = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;

  /** The address to connect to, or the status of a refusal. */
  const admit = (request: http.IncomingMessage, target: string): string | number => {
    const isKnown = expected === undefined || request.headers['proxy-authorization'] === expected;
    const admitted = isKnown ? (locate(target) ?? 502) : 407;
    const refused = typeof admitted === 'number' ? admitted : undefined;
    requests.push({ method: request.method ?? '', target, refused });
    return admitted;
  };

  const forward = (request: http.IncomingMessage, response: http.ServerResponse): void => {
    const url = URL.parse(request.url ?? '');
    const target = url ? `${url.hostname}:${url.port || '80'}` : '';
    const admitted = url ? admit(request, target) : 400;
    if (!url || typeof admitted === 'number') {
      response.writeHead(Number(admitted), { 'proxy-authenticate': 'Basic realm="proxy"' }).end();
      return;
    }
    const { hostname, port } = new URL(`http://${admitted}`);
    const { 'proxy-authorization': _credentials, ...headers } = request.headers;
    const path = `${url.pathname}${url.search}`;
    const upstream = http.request({ hostname, port, path, method: request.method, headers });
    upstream.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    upstream.on('error', () => response.destroy());
    request.pipe(upstream);
  };

  const server = tls ? https.createServer(tls, forward) : http.createServer(forward);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
  });
  server.on('connect', (request: http.IncomingMessage, stream: Socket, head: Buffer) => {
    stream.on('error', () => stream.destroy());
    const admitted = admit(request, request.url ?? '');
    if (typeof admitted === 'number') {
      const challenge = admitted === 407 ? 'Proxy-Authenticate: Basic realm="proxy"\r\n' : '';
      stream.end(`HTTP/1.1 ${admitted} Refused\r\n${challenge}Content-Length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${admitted}`);
    const upstream = connect(Number(port), hostname, () => {
      stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(stream).pipe(upstream);
    });
    upstream.on('error', () => stream.destroy());
    stream.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${tls ? 'https' : 'http'}://${host}`,
    host,
    requests,
    clear: () => void requests.splice(0),
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
