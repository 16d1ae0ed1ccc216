import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const PATH = '/auth/callback';

/** A server on the loopback interface that the browser is sent back to. */
export interface RedirectListener {
  /** https://www.rfc-editor.org/rfc/rfc8252#section-7.3; issuers know the name, not the number. */
  readonly redirectUri: string;
  /** Resolves with the address that the browser came back to, once its `state` is this one. */
  returned(state: string, signal: AbortSignal): Promise<URL>;
  close(): void;
}

const DONE = 'You are signed in. You may close this window.';
const FAILED = 'The sign-in was refused. You may close this window.';

export async function listenForRedirect(): Promise<RedirectListener> {
  let received: (url: URL, answer: (text: string) => void) => boolean = () => false;
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const say = (status: number, text: string): void => {
      response.writeHead(status, {
        'content-type': 'text/plain; charset=utf-8',
        'cache-control': 'no-store',
        connection: 'close',
      });
      response.end(`${text}\n`);
    };
    const url = new URL(request.url ?? '/', redirectUri);
    const isOurs =
      request.method === 'GET' && url.pathname === PATH && received(url, (text) => say(200, text));
    // Another page may try the address: it is told nothing, and the wait goes on.
    if (!isOurs) say(404, 'Nothing is here.');
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
        received = (url, answer) => {
          if (url.searchParams.get('state') !== state) return false;
          answer(url.searchParams.has('error') ? FAILED : DONE);
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
