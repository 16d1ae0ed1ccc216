import { inspect } from 'node:util';

import { ConnectionFailure } from '../../src/http/connection-failure';
import { Transport } from '../../src/http/transport';
import { type HttpRequest, type HttpResponse } from '../../src/http/message';
import { answerOf, openWire, type Wire } from '../oci/support/wire';

let wire: Wire;
let transport: Transport;

afterEach(async () => {
  await transport.close();
  await wire.close();
});

async function ask(
  answer: string | Parameters<typeof openWire>[0],
  { answerTimeout, ...request }: Partial<HttpRequest> & { readonly answerTimeout?: number } = {},
): Promise<HttpResponse> {
  wire = await openWire(typeof answer === 'string' ? () => answer : answer);
  transport = new Transport({
    home: wire.url,
    ca: undefined,
    userAgent: 'test',
    lookup: undefined,
    answerTimeout,
  });
  return transport.send({ method: 'GET', url: wire.url, ...request }, undefined);
}

async function failureOf(answering: Promise<unknown>): Promise<ConnectionFailure> {
  const error = await answering.then(
    (value) => value,
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectionFailure) return error;
  throw new Error(`it was expected to fail, and was: ${inspect(error)}`);
}

const hangUp = (said: string) => (asked: { socket: { end(text: string): unknown } }) =>
  void asked.socket.end(said);

describe('an answer is whole', () => {
  it.each<[string, string, number, string]>([
    ['with a length', answerOf('abc'), 200, 'abc'],
    [
      'in chunks',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n',
      200,
      'abc',
    ],
    [
      'after others that come before it',
      `HTTP/1.1 100 Continue\r\n\r\n${answerOf('abc')}`,
      200,
      'abc',
    ],
    ['without content', 'HTTP/1.1 204 No Content\r\n\r\n', 204, ''],
    [
      'compressed as it is',
      answerOf('\x1f\x8b', { headers: ['content-encoding: gzip'] }),
      200,
      '\x1f\x8b',
    ],
  ])('%s', async (_, said, status, body) => {
    const answer = await ask(said);
    expect([answer.status, answer.body.toString('latin1')]).toEqual([status, body]);
  });

  it('up to the end of the connection, without a length', async () => {
    const answer = await ask(hangUp('HTTP/1.1 200 OK\r\n\r\nabc'));
    expect(answer.body.toString()).toBe('abc');
  });

  it('to a HEAD, with any declared length', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n';
    const answer = await ask(head, { method: 'HEAD' });
    expect([answer.body.length, answer.headers['content-length']]).toEqual([0, '1000']);
  });

  it('with all headers of one name, none of them preferred', async () => {
    const headers = ['ETag: "a"', 'etag: "b"', 'Content-Type: text/html', 'content-type: x/y'];
    const answer = await ask(answerOf('', { headers: [...headers, 'set-cookie: a=b'] }));
    expect(answer.headers).toEqual({
      'content-length': '0',
      etag: '"a", "b"',
      'content-type': 'text/html, x/y',
    });
  });

  it('before all was sent: what is left is not, and the connection ends', async () => {
    const refused = answerOf('too large', { status: '413 No' });
    const body = Buffer.alloc(32 * 1024 * 1024);
    const taking: Parameters<typeof openWire>[0] = ({ socket }) => {
      socket.pause();
      return refused;
    };
    const answer = await ask(taking, { method: 'PUT', body });
    expect([answer.status, answer.body.toString()]).toEqual([413, 'too large']);
    wire.connections[0]?.resume();
    await new Promise((resolve) => wire.connections[0]?.once('close', resolve));
    expect(wire.connections[0]?.bytesRead).toBeLessThan(body.length);
  });
});

describe('an incomplete response fails, and may be retried', () => {
  it.each<[string, string]>([
    ['nothing', ''],
    ['half a header', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['half a body', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
    [
      'chunks without the last one',
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
    ['something else than HTTP', 'SSH-2.0-server\r\n'],
    [
      'another protocol, which was not requested',
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n',
    ],
  ])('%s', async (_, said) => {
    const failure = await failureOf(ask(hangUp(said)));
    expect([failure.code, failure.transient, failure.stale]).toEqual([
      'REGISTRY_UNAVAILABLE',
      true,
      false,
    ]);
  });

  it.each<[string, Parameters<typeof openWire>[0]]>([
    ['silence', () => undefined],
    ['silence after the header', () => 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'],
    ['silence after half a header', () => 'HTTP/1.1 200 OK\r\n'],
  ])('%s', async (_, answer) => {
    const failure = await failureOf(ask(answer, { answerTimeout: 100 }));
    expect([failure.code, failure.transient]).toEqual(['REGISTRY_UNAVAILABLE', true]);
    expect(failure.message).toContain('nothing was heard for 0.1 s');
  });
});

it('headers without end are not retried', async () => {
  const headers = [`x-more: ${'x'.repeat(100_000)}`];
  const failure = await failureOf(ask(answerOf('', { headers })));
  expect([failure.code, failure.transient]).toEqual(['REGISTRY_UNAVAILABLE', false]);
});

it('what came instead of an answer is not kept with the error: it may hold a token', async () => {
  const failure = await failureOf(ask('canary-7f1c is no HTTP\r\n\r\n'));
  expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain('canary-7f1c');
  expect(failure.cause).toMatchObject({ code: 'HPE_INVALID_CONSTANT' });
  expect(failure.cause).not.toHaveProperty('rawPacket');
});

it('a header with a line break is not sent', async () => {
  const headers = { 'if-match': '"a"\r\nauthorization: Bearer b' };
  const failure = await failureOf(ask(answerOf('{}'), { headers }));
  expect([failure.code, failure.transient]).toEqual(['REGISTRY_PROTOCOL', false]);
  expect(failure.message).toContain('if-match');
  expect(wire.connections).toEqual([]);
  // Its connection slot is free again.
  for (let asked = 0; asked < 10; asked += 1) {
    await failureOf(transport.send({ method: 'GET', url: wire.url, headers }, undefined));
  }
  expect((await transport.send({ method: 'GET', url: wire.url }, undefined)).status).toBe(200);
});
