import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATH = '/auth/callback';

/** A server on the loopback interface that receives the redirect of the browser. */
export interface RedirectListener {
  /**
   * https://www.rfc-editor.org/rfc/rfc8252#section-7.3, with `localhost`, which issuers have
   * registered, instead of the IP address.
   */
  readonly redirectUri: string;
  /** Resolves with the redirected address once its `state` matches. */
  returned(state: string, signal: AbortSignal): Promise<URL>;
  close(): void;
}

const DONE = 'You are signed in. You may close this window.';
const FAILED = 'The sign-in was refused. You may close this window.';

export async function listenForRedirect(): Promise<RedirectListener> {
  let onRedirect: (url: URL, respond: (text: string) => void) => boolean = () => false;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const respond = (status: number, text: string): void => {
      response.writeHead(status, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'close',
      });
      response.end(`${text}\n`);
    };
    const url = new URL(request.url ?? '/', redirectUri);
    const isHandled =
      request.method === 'GET' &&
      url.pathname === PATH &&
      onRedirect(url, (text) => respond(200, text));
    // Another page may request the address: the response reveals nothing, and the wait continues.
    if (!isHandled) respond(404, 'Not found.');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const redirectUri = `http://localhost:${(server.address() as AddressInfo).port}${PATH}`;
  return {
    redirectUri,
    returned: (state, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        onRedirect = (url, respond) => {
          if (url.searchParams.get('state') !== state) return false;
          respond(url.searchParams.has('error') ? FAILED : DONE);
          resolve(url);
          return true;
        };
      }),
    close: () => {
      server.close();
      server.closeIdleConnections();
    },
  };
}
