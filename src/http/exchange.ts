import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

import { SignedImageError } from '../error';
import { ConnectionFailure } from './connection-failure';
import type { ConnectionPool } from './connection-pool';
import type { HttpRequest, HttpResponse } from './message';
import { refusal, unreachable } from './proxy-error';
import { systemErrorCode, withoutPacket } from './system-error';

const DEFAULT_LIMIT = 4 * 1024 * 1024;
/** An error's body is for its message only: more than this of it is not read. */
const ERROR_LIMIT = 64 * 1024;
const CONNECT_TIMEOUT = 15_000;

/**
 * One request and its answer, in a place of the pool. A connection that was not used to its end,
 * the body's and the answer's, is not used again.
 *
 * @param silence milliseconds in which nothing moves, after which there is no answer
 * @throws ConnectionFailure, SignedImageError `CONTENT_TOO_LARGE`, the signal's reason, or what
 * Node's own HTTP throws
 */
export function exchange(
  pool: ConnectionPool,
  { method, url, headers = {}, body, limit = DEFAULT_LIMIT }: HttpRequest,
  silence: number,
  signal: AbortSignal,
): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const length = body && { 'content-length': String(body.length) };
    const request = pool.open(url, {
      method,
      headers: { ...headers, ...length },
      timeout: silence,
      // What was sent more than once is not dropped, so that it can be refused.
      joinDuplicateHeaders: true,
      tunnelSignal: signal,
    });
    // A plain request is sent to the proxy itself; a tunnel reports its own failures.
    const proxy = url.protocol === 'http:' ? pool.proxyOf(url) : undefined;
    let settled = false;
    const fail = (error: unknown): void => {
      if (settled) return;
      settled = true;
      reject(withoutPacket(error));
      request.destroy();
    };
    const isSecured = (proxy?.url ?? url).protocol === 'https:';
    const isStale = watchConnection(request, pool, isSecured, silence, fail);
    const stop = (): void => fail(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    request.on('timeout', () => fail(timeout(`nothing was heard for ${silence / 1000} s`)));
    request.on('error', (error) => {
      if (!isStale(error)) return fail(proxy ? unreachable(proxy, error) : error);
      pool.dropIdle();
      fail(new ConnectionFailure(url, error, { stale: true }));
    });
    let answered = false;
    request.on('response', (answer) => {
      answered = true;
      const status = answer.statusCode ?? 0;
      if (proxy && status === 407) return fail(refusal(proxy, url.host, status));
      const whole = (bytes: Buffer): void => {
        if (settled) return;
        settled = true;
        resolve({ status, headers: texts(answer), body: bytes, url });
        // Answered before all was sent, or more was to come: the next bytes on the connection are not known.
        if (!request.writableFinished || !answer.complete) request.destroy();
      };
      const most = status >= 300 ? ERROR_LIMIT : limit;
      readBody(answer, most, whole, fail, (read) => {
        if (status >= 300) whole(read);
        else fail(tooLarge(url, limit));
      });
    });
    // Without a response there may not be another event: an upgrade that was not requested.
    request.on('close', () => {
      if (!answered) fail(cut());
    });
    request.end(body);
  });
}

/**
 * Bounds the time to connect. The returned function checks whether the server had closed the connection while
 * it was idle: an older one, that ended without a byte of this answer.
 */
function watchConnection(
  request: ClientRequest,
  pool: ConnectionPool,
  isSecured: boolean,
  silence: number,
  fail: (error: unknown) => void,
): (error: unknown) => boolean {
  let used: { readonly socket: Socket; readonly read: number } | undefined;
  request.once('socket', (socket) => {
    // Node sets it too, but not where it is the same as that of idle connections.
    socket.setTimeout(silence);
    if (pool.wasUsed(socket)) {
      used = { socket, read: socket.bytesRead };
      return;
    }
    const late = (): void => fail(timeout(`no connection within ${CONNECT_TIMEOUT / 1000} s`));
    const timer = setTimeout(late, CONNECT_TIMEOUT);
    const stop = (): void => clearTimeout(timer);
    socket.once(isSecured ? 'secureConnect' : 'connect', stop);
    request.once('close', stop);
  });
  return (error) =>
    used !== undefined &&
    used.socket.bytesRead === used.read &&
    ['ECONNRESET', 'EPIPE'].includes(systemErrorCode(error));
}

function readBody(
  answer: IncomingMessage,
  most: number,
  whole: (bytes: Buffer) => void,
  fail: (error: unknown) => void,
  /** With what was read before it was too much. */
  over: (read: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let size = 0;
  const read = (chunk: Buffer): void => {
    size += chunk.length;
    if (size <= most) {
      chunks.push(chunk);
    } else {
      answer.off('data', read);
      over(Buffer.concat(chunks));
    }
  };
  answer.on('data', read);
  answer.on('end', () => {
    if (answer.complete) whole(Buffer.concat(chunks));
    else fail(cut());
  });
  answer.on('error', fail);
  answer.on('close', () => {
    if (!answer.readableEnded) fail(cut());
  });
}

/** Only cookies are lists, and they are not read. */
function texts({ headers }: IncomingMessage): HttpResponse['headers'] {
  const { 'set-cookie': _cookies, ...rest } = headers;
  return rest as HttpResponse['headers'];
}

function timeout(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}

function cut(): Error {
  return Object.assign(new Error('the answer was cut off'), { code: 'ECONNRESET' });
}

function tooLarge({ host }: URL, limit: number): SignedImageError {
  return new SignedImageError({
    code: 'CONTENT_TOO_LARGE',
    message: `${host} sent more than the ${limit} bytes that are expected or allowed here`,
  });
}
