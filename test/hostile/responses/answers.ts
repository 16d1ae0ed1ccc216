import { gzipSync } from 'node:zlib';

import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import type { HostileResponse } from '../support/hostile-response';
import type { Scene } from '../support/scene';

const OK = { status: 200, headers: { 'content-type': OCI_MANIFEST } } as const;
const MISMATCH = 'CONTENT_MISMATCH';

const truth = (scene: Scene): Buffer => scene.stored(scene.image.digest).bytes;
const body = (change: (bytes: Buffer) => Buffer | string) => (scene: Scene) =>
  scene.answerImage({ ...OK, body: change(truth(scene)) });

/** Responses to a request for a manifest by digest. */
export const ANSWER_CASES: readonly HostileResponse[] = [
  {
    name: 'the bytes of another image under the digest',
    inject: body(() => '{"schemaVersion":2}'),
    expect: MISMATCH,
  },
  {
    name: 'a truncated manifest with a consistent length',
    inject: body((bytes) => bytes.subarray(0, -10)),
    expect: ['CONTENT_MISMATCH', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'white space after the manifest',
    inject: body((bytes) => `${bytes.toString('utf8')} `),
    expect: MISMATCH,
  },
  {
    name: 'a byte order mark before the manifest',
    inject: body((bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])),
    expect: MISMATCH,
  },
  { name: 'an empty answer', inject: body(() => ''), expect: MISMATCH },
  {
    name: 'a manifest served as an index',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: truth(scene),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a web page instead of a manifest',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><title>Sign in</title>',
      }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a web page with the media type of a manifest',
    inject: body(() => '<!doctype html><title>Sign in</title>'),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a manifest of 5 MiB',
    inject: body((bytes) => Buffer.concat([bytes, Buffer.alloc(5 * 1024 * 1024, ' ')])),
    expect: 'CONTENT_TOO_LARGE',
  },
  {
    name: 'a length that is shorter than the manifest',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-length': '20' },
        body: truth(scene),
      }),
    expect: ['CONTENT_MISMATCH', 'REGISTRY_UNAVAILABLE'],
  },
  {
    name: 'a compressed manifest',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-encoding': 'gzip' },
        body: gzipSync(truth(scene)),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a compressed response that would expand to a gigabyte',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-encoding': 'gzip' },
        body: bomb(),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a digest header with another digest',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
        body: truth(scene),
      }),
    expect: 'ignored',
  },
  {
    name: 'the right digest header with other bytes',
    inject: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'docker-content-digest': scene.image.digest },
        body: '{"schemaVersion":2}',
      }),
    expect: MISMATCH,
  },
  {
    name: '404 for an existing image',
    inject: (scene) => scene.answerImage({ status: 404, body: '{"errors":[]}' }),
    expect: 'REGISTRY_NOT_FOUND',
  },
  {
    name: 'half of the manifest as partial content',
    inject: (scene) =>
      scene.answerImage({ ...OK, status: 206, body: truth(scene).subarray(0, 100) }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'no content',
    inject: (scene) => scene.answerImage({ status: 204 }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'not modified, for an unconditional request',
    inject: (scene) => scene.answerImage({ status: 304 }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'an error response of more than a gigabyte of JSON',
    inject: async (scene) => {
      const origin = await scene.elsewhere((_, response) => {
        response.writeHead(400, { 'content-type': 'application/json' });
        pour(() => response.write(`{"errors":[${'{"code":"X"},'.repeat(1000)}`), response);
      });
      scene.answerImage({ status: 307, headers: { location: `${origin}/x` } });
    },
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a manifest that never ends',
    inject: async (scene) => {
      const origin = await scene.elsewhere((_, response) => {
        response.writeHead(200, OK.headers);
        pour(() => response.write('{"a":"'.padEnd(65536, 'x')), response);
      });
      scene.answerImage({ status: 307, headers: { location: `${origin}/x` } });
    },
    expect: 'CONTENT_TOO_LARGE',
  },
  {
    name: 'a manifest that arrives byte by byte',
    idleTimeout: 2000,
    inject: async (scene) => {
      const origin = await scene.elsewhere((_, response) => {
        response.writeHead(200, OK.headers);
        const timer = setInterval(() => response.write(' '), 200);
        response.on('close', () => clearInterval(timer));
      });
      scene.answerImage({ status: 307, headers: { location: `${origin}/x` } });
    },
    expect: 'REGISTRY_UNAVAILABLE',
  },
  {
    name: 'headers without end',
    inject: (scene) =>
      scene.answerImage({
        ...OK,
        headers: { ...OK.headers, 'x-more': 'x'.repeat(100_000) },
        body: truth(scene),
      }),
    expect: 'REGISTRY_UNAVAILABLE',
  },
  {
    name: 'a Retry-After of ten years',
    inject: (scene) => scene.answerImage({ status: 429, headers: { 'retry-after': '315360000' } }),
    expect: 'REGISTRY_THROTTLED',
    after: ({ waits }) => {
      expect(waits.length).toBeLessThanOrEqual(10);
      for (const wait of waits) expect(wait).toBeLessThanOrEqual(60_000);
    },
  },
];

/** A megabyte on the wire that expands to a gigabyte of zeros. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 });
  return Buffer.concat(new Array<Buffer>(64).fill(member));
}

/** Writes until the client stops reading. */
function pour(
  write: () => boolean,
  response: { once(event: 'drain', next: () => void): unknown; readonly destroyed: boolean },
): void {
  const more = (): void => {
    while (!response.destroyed) if (!write()) return void response.once('drain', more);
  };
  more();
}
