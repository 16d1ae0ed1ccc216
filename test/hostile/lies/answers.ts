import { gzipSync } from 'node:zlib';

import { OCI_INDEX, OCI_MANIFEST } from '../../../src/oci';
import type { Lie } from '../support/lie';
import type { Scene } from '../support/scene';

const OK = { status: 200, headers: { 'content-type': OCI_MANIFEST } } as const;
const MISMATCH = 'CONTENT_MISMATCH';

const truth = (scene: Scene): Buffer => scene.stored(scene.image.digest).bytes;
const body = (change: (bytes: Buffer) => Buffer | string) => (scene: Scene) =>
  scene.answerImage({ ...OK, body: change(truth(scene)) });

/** What is answered to a manifest that was asked for by digest. */
export const ANSWER_LIES: readonly Lie[] = [
  {
    name: 'the bytes of another image under the digest',
    tell: body(() => '{"schemaVersion":2}'),
    expect: MISMATCH,
  },
  {
    name: 'the manifest cut off, with the length of what is left',
    tell: body((bytes) => bytes.subarray(0, -10)),
    expect: ['CONTENT_MISMATCH', 'REGISTRY_PROTOCOL'],
  },
  {
    name: 'a white space after the manifest',
    tell: body((bytes) => `${bytes.toString('utf8')} `),
    expect: MISMATCH,
  },
  {
    name: 'a byte order mark before the manifest',
    tell: body((bytes) => Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes])),
    expect: MISMATCH,
  },
  { name: 'an empty answer', tell: body(() => ''), expect: MISMATCH },
  {
    name: 'a manifest served as an index',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { 'content-type': OCI_INDEX },
        body: truth(scene),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a web page instead of a manifest',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { 'content-type': 'text/html' },
        body: '<!doctype html><title>Sign in</title>',
      }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a web page in the disguise of a manifest',
    tell: body(() => '<!doctype html><title>Sign in</title>'),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'a manifest of 5 MiB',
    tell: body((bytes) => Buffer.concat([bytes, Buffer.alloc(5 * 1024 * 1024, ' ')])),
    expect: 'CONTENT_TOO_LARGE',
  },
  {
    name: 'a length that is shorter than the manifest',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-length': '20' },
        body: truth(scene),
      }),
    expect: ['CONTENT_MISMATCH', 'REGISTRY_UNAVAILABLE'],
  },
  {
    name: 'a compressed manifest',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-encoding': 'gzip' },
        body: gzipSync(truth(scene)),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a compressed answer that would fill a gigabyte',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'content-encoding': 'gzip' },
        body: bomb(),
      }),
    expect: MISMATCH,
  },
  {
    name: 'a digest header that says another digest',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'docker-content-digest': `sha256:${'0'.repeat(64)}` },
        body: truth(scene),
      }),
    expect: 'ignored',
  },
  {
    name: 'the right digest header over other bytes',
    tell: (scene) =>
      scene.answerImage({
        status: 200,
        headers: { ...OK.headers, 'docker-content-digest': scene.image.digest },
        body: '{"schemaVersion":2}',
      }),
    expect: MISMATCH,
  },
  {
    name: 'an image that was there is said to be not there',
    tell: (scene) => scene.answerImage({ status: 404, body: '{"errors":[]}' }),
    expect: 'REGISTRY_NOT_FOUND',
  },
  {
    name: 'half of the manifest as partial content',
    tell: (scene) => scene.answerImage({ ...OK, status: 206, body: truth(scene).subarray(0, 100) }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'no content',
    tell: (scene) => scene.answerImage({ status: 204 }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'not modified, though nobody asked for that',
    tell: (scene) => scene.answerImage({ status: 304 }),
    expect: 'REGISTRY_PROTOCOL',
  },
  {
    name: 'an error that is a gigabyte of JSON and more',
    tell: async (scene) => {
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
    tell: async (scene) => {
      const origin = await scene.elsewhere((_, response) => {
        response.writeHead(200, OK.headers);
        pour(() => response.write('{"a":"'.padEnd(65536, 'x')), response);
      });
      scene.answerImage({ status: 307, headers: { location: `${origin}/x` } });
    },
    expect: 'CONTENT_TOO_LARGE',
  },
  {
    name: 'a manifest of which a byte comes now and then',
    patience: 2000,
    tell: async (scene) => {
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
    tell: (scene) =>
      scene.answerImage({
        ...OK,
        headers: { ...OK.headers, 'x-more': 'x'.repeat(100_000) },
        body: truth(scene),
      }),
    expect: 'REGISTRY_UNAVAILABLE',
  },
  {
    name: 'wait for ten years, says the registry',
    tell: (scene) => scene.answerImage({ status: 429, headers: { 'retry-after': '315360000' } }),
    expect: 'REGISTRY_THROTTLED',
    after: ({ waits }) => {
      expect(waits.length).toBeLessThanOrEqual(10);
      for (const wait of waits) expect(wait).toBeLessThanOrEqual(60_000);
    },
  },
];

/** A megabyte on the wire that is a gigabyte of zeros when unpacked. */
function bomb(): Buffer {
  const member = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 });
  return Buffer.concat(new Array<Buffer>(64).fill(member));
}

/** Writes as long as somebody reads. */
function pour(
  write: () => boolean,
  response: { once(event: 'drain', next: () => void): unknown; readonly destroyed: boolean },
): void {
  const more = (): void => {
    while (!response.destroyed) if (!write()) return void response.once('drain', more);
  };
  more();
}
