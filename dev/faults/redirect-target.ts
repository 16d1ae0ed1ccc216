import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** The target of injected redirects: records requests, and responds with 404. */
export interface RedirectTarget {
  readonly url: string;
  /** Headers and body of every request, as text. */
  readonly received: string[];
  close(): Promise<void>;
}

export async function openRedirectTarget(): Promise<RedirectTarget> {
  const received: string[] = [];
  const server = http.createServer((incoming, outgoing) => {
    readAll(incoming).then(
      (body) => {
        const { method, url, rawHeaders } = incoming;
        received.push([method, url, ...rawHeaders, body.toString('utf8')].join(' '));
        outgoing.writeHead(404, { 'content-length': '0' });
        outgoing.end();
      },
      () => outgoing.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export async function readAll(stream: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
