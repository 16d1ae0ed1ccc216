import fc from 'fast-check';

import { SignedImageError } from '../../src/error';
import {
  digestOf,
  formatReference,
  hexOf,
  isDigest,
  parseDigest,
  parseReference,
  parseTag,
  pinned,
} from '../../src/oci';

const characters = (set: string, minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...set), minLength, maxLength });
const ALPHANUMERIC = 'abcdefghijklmnopqrstuvwxyz0123456789';

const part = fc
  .array(characters(ALPHANUMERIC, 1, 6), { minLength: 1, maxLength: 3 })
  .chain((words) => fc.constantFrom('.', '_', '__', '-', '---').map((by) => words.join(by)));
const host = fc.oneof(
  fc
    .tuple(characters(ALPHANUMERIC, 1, 8), characters(ALPHANUMERIC, 1, 5))
    .map(([a, b]) => `${a}.${b}`),
  fc.constantFrom('localhost', '127.0.0.1', '[::1]:5000', 'a-b.example'),
  fc
    .tuple(characters(ALPHANUMERIC, 1, 8), fc.integer({ min: 1, max: 65535 }))
    .map(([a, port]) => `${a}:${port}`),
);
const tag = fc
  .tuple(characters(`${ALPHANUMERIC}_ABC`, 1, 1), characters(`${ALPHANUMERIC}._-`, 0, 20))
  .map(([first, rest]) => first + rest);
const digest = fc.uint8Array().map((bytes) => digestOf(bytes));
const reference = fc
  .record({
    host,
    path: fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
    tag: fc.option(tag, { nil: undefined }),
    digest: fc.option(digest, { nil: undefined }),
  })
  .map(({ host, path, tag, digest }) => ({
    host,
    text: `${host}/${path}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`,
    path,
    tag,
    digest,
  }));

function errorOf(text: string): SignedImageError | undefined {
  try {
    parseReference(text);
    return undefined;
  } catch (error) {
    if (error instanceof SignedImageError) return error;
    throw error;
  }
}

describe('references', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(reference, ({ host, text, path, tag, digest }) => {
        // Where the last part is a number, all of it has to be an IPv4 address.
        fc.pre(!/(^|\.)(\d+|0x[0-9a-f]*)(:\d+)?$/.test(host));
        const parsed = parseReference(text);
        expect(formatReference(parsed)).toBe(text);
        expect([parsed.repository.registry, parsed.repository.path]).toEqual([host, path]);
        expect([parsed.tag, parsed.digest]).toEqual([tag, digest]);
      }),
    );
  });

  it('any text is taken and written as a text that is taken as the same, or refused in one way', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a./:@-_%\\?#[]A0 ') })),
        (text) => {
          const error = errorOf(text);
          if (error) return expect(error.code).toBe('REFERENCE_INVALID');
          const once = parseReference(text);
          const { registry, path } = once.repository;
          expect(parseReference(formatReference(once))).toEqual(once);
          // The result can be part of a URL path.
          const url = new URL(`https://${registry}/v2/${path}/manifests/${once.tag ?? 'latest'}`);
          expect(url.pathname).toBe(`/v2/${path}/manifests/${once.tag ?? 'latest'}`);
          return expect([url.username, url.search, url.hash]).toEqual(['', '', '']);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    'host.example/../etc/passwd',
    'host.example/a/../b',
    'host.example/a//b',
    'host.example/a/',
    'host.example/%2e%2e/b',
    'host.example/a?b',
    'host.example/a#b',
    'host.example/a b',
    'host.example/Upper',
    'host.example/a:-tag',
    'host.example/a:',
    'host.example/a@',
    'host.example/a@sha256:abc',
    'host.example/a@sha512:abc',
    'host.example\\evil/a',
    'host.example:99999/a',
    'host.example:/a',
    '-host.example/a',
    'host..example/a',
    'https://host.example/a',
    'host.example/',
    '/a',
    '',
    `host.example/${'a'.repeat(250)}`,
    'user:secret@host.example/a',
  ])('refuses %p', (text) => {
    expect(errorOf(text)?.code).toBe('REFERENCE_INVALID');
  });

  it.each([
    'user:secret@host.example/a',
    'https://user:secret@host.example/a',
    'user:se/cret@host.example/a',
  ])('does not repeat what may be credentials: %p', (text) => {
    expect(errorOf(text)?.message).not.toContain('cret');
  });

  it.each([
    ['app', 'index.docker.io/library/app'],
    ['team/app:v1', 'index.docker.io/team/app:v1'],
    ['docker.io/app', 'index.docker.io/library/app'],
    ['Docker.IO/app', 'index.docker.io/library/app'],
    ['registry-1.docker.io/team/app', 'index.docker.io/team/app'],
    ['Host.Example/app', 'host.example/app'],
  ])('reads %s as container tools do', (text, full) => {
    expect(formatReference(parseReference(text))).toBe(full);
  });
});

describe('digests and tags', () => {
  it('take only what they are', () => {
    const good = digestOf(Buffer.from('x'));
    expect(parseDigest(good)).toBe(good);
    expect(hexOf(good)).toMatch(/^[0-9a-f]{64}$/);
    expect(pinned(parseReference('host.example/app').repository, good)).toBe(
      `host.example/app@${good}`,
    );
    for (const bad of ['', 'sha256:', good.toUpperCase(), `${good}0`, `${good}\n`]) {
      expect(isDigest(bad)).toBe(false);
      expect(() => parseDigest(bad)).toThrow(SignedImageError);
    }
    for (const bad of ['', '.a', 'a/b', 'a'.repeat(129), 'a\n']) {
      expect(() => parseTag(bad)).toThrow(SignedImageError);
    }
  });
});

test.each([
  '[:::]/app',
  '[1.2.3]/app',
  '1.2.3.999/app',
  '0x7f.1/app',
  '127.1/app',
  '0177.0.0.1:5000/app',
])('a host that no URL has, or that is read as another one, is refused: %s', (text) => {
  expect(() => parseReference(text)).toThrow(/host is malformed/);
});

it.each([
  ['app:feature/x', 'a tag cannot contain "/" ("feature/x"): write "app:feature-x"'],
  ['ghcr.example/team/app:feature/x', 'write "ghcr.example/team/app:feature-x"'],
  ['localhost:5000/app:a/b', 'write "localhost:5000/app:a-b"'],
  [
    'https://ghcr.example/app',
    'a reference must not have a scheme (https://): write "ghcr.example/app"',
  ],
  ['docker://ghcr.example/app:1', 'write "ghcr.example/app:1"'],
  ['oci://ghcr.example/app', 'must not have a scheme (oci://)'],
  ['ghcr.example/Team/app', 'capital letters: write "team/app"'],
  ['ghcr.example/app:', 'it is empty'],
  ['ghcr.example/app:-x', 'begins with'],
  ['ghcr.example/app:a b', 'letters, digits'],
])('%s: the error states the reason', (text, message) => {
  expect(() => parseReference(text)).toThrow(message);
});

it('a scheme with credentials is not repeated', () => {
  const parse = () => parseReference('https://me:canary-secret@ghcr.example/app');
  expect(parse).toThrow('must not have a scheme');
  expect(parse).not.toThrow('canary-secret');
});
