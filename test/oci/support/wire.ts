import net, { type AddressInfo, type Socket } from 'node:net';

/** A server that sends the given bytes. */
export interface Wire {
  readonly url: URL;
  /** Connections so far, in their order. */
  readonly connections: readonly Socket[];
  close(): Promise<void>;
}

/**
 * Calls `answer` with each request's head, counted on its connection and over all; what it returns
 * is sent. Bodies of requests have to be as short as one packet.
 */
export async function openWire(
  answer: (asked: {
    readonly head: string;
    readonly socket: Socket;
    /** From 0, on this connection. */
    readonly turn: number;
    /** From 0. */
    readonly connection: number;
  }) => string | undefined,
): Promise<Wire> {
  const connections: Socket[] = [];
  const server = net.createServer((socket) => {
    const connection = connections.push(socket) - 1;
    let turn = 0;
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      if (!bytes.includes('HTTP/1.1\r\n')) return;
      const response = answer({ head: bytes.toString('latin1'), socket, turn: turn++, connection });
      if (response !== undefined) socket.write(response, 'latin1');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v2/`),
    connections,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of connections) socket.destroy();
      await closed;
    },
  };
}

export function answerOf(
  body: string,
  { status = '200 OK', headers = [] }: { status?: string; headers?: readonly string[] } = {},
): string {
  return [`HTTP/1.1 ${status}`, `content-length: ${body.length}`, ...headers, '', body].join(
    '\r\n',
  );
}
