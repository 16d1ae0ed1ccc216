import fc from 'fast-check';

import {
  artifactTypeOf,
  DOCKER_LIST,
  formatPlatform,
  digestOf,
  MAX_MANIFEST_BYTES,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_MANIFEST,
  parseJsonObject,
  parseManifest,
} from '../../src/oci';
import { SignedImageError } from '../../src/error';
import { grants } from '../../src/oci/token-request';

const descriptor = { mediaType: OCI_CONFIG, digest: digestOf(Buffer.from('c')), size: 1 };
const image = {
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: descriptor,
  layers: [descriptor],
};
const bytesOf = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (error instanceof SignedImageError) return error.code;
    throw error;
  }
}

describe('manifests', () => {
  it('of images are read in full', () => {
    const full = {
      ...image,
      artifactType: 'a/b',
      subject: descriptor,
      annotations: { k: 'v' },
      layers: [{ ...descriptor, annotations: { x: 'y' }, artifactType: 'c/d', urls: ['ignored'] }],
    };
    expect(parseManifest(bytesOf(full), OCI_MANIFEST)).toEqual({
      kind: 'image',
      mediaType: OCI_MANIFEST,
      artifactType: 'a/b',
      config: descriptor,
      layers: [{ ...descriptor, annotations: { x: 'y' }, artifactType: 'c/d' }],
      subject: descriptor,
      annotations: { k: 'v' },
    });
    expect(
      parseManifest(bytesOf({ ...image, annotations: null }), OCI_MANIFEST).annotations,
    ).toEqual({});
  });

  it('of indexes are read with their platforms', () => {
    const platform = {
      os: 'linux',
      architecture: 'arm64',
      variant: 'v8',
      'os.version': '1',
      features: ['x'],
    };
    const index = { schemaVersion: 2, manifests: [{ ...descriptor, platform }] };
    const parsed = parseManifest(bytesOf(index), DOCKER_LIST);
    const { features: _features, ...known } = platform;
    expect(parsed).toEqual({
      kind: 'index',
      mediaType: DOCKER_LIST,
      manifests: [{ ...descriptor, platform: known }],
    });
    expect(formatPlatform(known)).toBe('linux/arm64/v8');
    expect(formatPlatform({ os: 'linux', architecture: 'amd64' })).toBe('linux/amd64');
  });

  it.each<[string, unknown, string]>([
    ['another schema', { ...image, schemaVersion: 1 }, OCI_MANIFEST],
    ['another type in the body', image, DOCKER_LIST],
    ['an image that is an index too', { ...image, manifests: [] }, OCI_MANIFEST],
    ['an index that is an image too', { schemaVersion: 2, manifests: [], layers: [] }, OCI_INDEX],
    ['no config', { ...image, config: undefined }, OCI_MANIFEST],
    ['no layers', { ...image, layers: undefined }, OCI_MANIFEST],
    [
      'a size that is not a number',
      { ...image, config: { ...descriptor, size: '1' } },
      OCI_MANIFEST,
    ],
    ['a size with a fraction', { ...image, config: { ...descriptor, size: 0.5 } }, OCI_MANIFEST],
    [
      'a digest of another algorithm',
      { ...image, config: { ...descriptor, digest: 'md5:1' } },
      OCI_MANIFEST,
    ],
    ['annotations that are no strings', { ...image, annotations: { a: 1 } }, OCI_MANIFEST],
    ['annotations that are a list', { ...image, annotations: ['a'] }, OCI_MANIFEST],
    [
      'a platform that is text',
      { schemaVersion: 2, manifests: [{ ...descriptor, platform: 'linux' }] },
      OCI_INDEX,
    ],
    ['no object', [image], OCI_MANIFEST],
  ])('refuses %s', (_, value, type) => {
    expect(codeOf(() => parseManifest(bytesOf(value), type))).toBe('CONTENT_MALFORMED');
  });

  it('refuses more than 4 MiB', () => {
    const large = Buffer.alloc(MAX_MANIFEST_BYTES + 1, ' ');
    expect(codeOf(() => parseManifest(large, OCI_MANIFEST))).toBe('CONTENT_MALFORMED');
  });

  it('are listed by their artifact type, else by that of the config', () => {
    expect(artifactTypeOf({ artifactType: 'a/b', config: descriptor })).toBe('a/b');
    expect(artifactTypeOf({ artifactType: '', config: descriptor })).toBe(OCI_CONFIG);
    expect(artifactTypeOf({})).toBeUndefined();
  });
});

describe('strict JSON', () => {
  it('reads what JSON.parse reads of objects', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.constantFrom(undefined, 2),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);
          expect(parseJsonObject(Buffer.from(text), 'it')).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it.each([
    '{"a":1,"a":1}',
    '{"x":[{"a":{"b":1},"a":2}]}',
    String.raw`{"a":1,"\u0061":2}`,
    String.raw`{"\"":1,"\"":2}`,
    '{"a":[1,{"b":"\\"}"}],"a":2}',
  ])('refuses a name that comes twice: %s', (text) => {
    expect(() => parseJsonObject(Buffer.from(text), 'it')).toThrow('twice');
  });

  it('takes the same name in different objects, and as a value', () => {
    const text = '{"a":{"a":["a","a",{"a":"a"}]},"b":[{"c":1},{"c":2}]}';
    expect(parseJsonObject(Buffer.from(text), 'it')).toEqual(JSON.parse(text));
  });

  it.each([
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['a byte order mark', Buffer.from('\ufeff{}')],
    ['no JSON', Buffer.from('{')],
    ['a list', Buffer.from('[]')],
    ['deep nesting', Buffer.from(`{"a":${'['.repeat(100)}${']'.repeat(100)}}`)],
  ])('refuses %s', (_, bytes) => {
    expect(codeOf(() => parseJsonObject(bytes, 'it'))).toBe('CONTENT_MALFORMED');
  });
});

describe('the access claims of a token', () => {
  const jwt = (claims: unknown): string =>
    `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;

  it.each([
    ['the right is there', jwt({ access: [{ name: 'a/b', actions: ['pull', 'push'] }] }), true],
    ['all rights are there', jwt({ access: [{ name: 'a/b', actions: ['*'] }] }), true],
    ['another right is there', jwt({ access: [{ name: 'a/b', actions: ['pull'] }] }), false],
    ['no right is there', jwt({ access: [] }), false],
    [
      'rights to another repository',
      jwt({ access: [{ name: 'c', actions: ['push'] }, 7] }),
      undefined,
    ],
    ['no list of rights', jwt({ access: 'all' }), undefined],
    ['no claims', 'e30.!.x', undefined],
    ['opaque', 'opaque', undefined],
  ])('%s', (_, token, expected) => {
    expect(grants(token, 'a/b', 'push')).toBe(expected);
  });
});
