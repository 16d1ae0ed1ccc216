import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** An HTTP proxy that maps real host names to loopback ports of doubles. */
export interface ConnectProxy {
  /** The value for `HTTPS_PROXY`. */
  readonly url: string;
  /** `host:port` of the requested tunnels, in order. */
  readonly requested: readonly string[];
  close(): Promise<void>;
}

/** @param portOf maps a host to a loopback port; undefined refuses the tunnel */
export async function startConnectProxy(
  portOf: (host: string) => number | undefined,
): Promise<ConnectProxy> {
  const requested: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connect', (request, stream: Socket, head: Buffer) => {
    const target = request.url ?? '';
    requested.push(target);
    sockets.add(stream);
    stream.on('error', () => stream.destroy());
    const port = portOf(target.replace(/:\d+$/, ''));
    if (port === undefined) {
      stream.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(stream).pipe(upstream);
    });
    upstream.on('error', () => stream.destroy());
    stream.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requested,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
