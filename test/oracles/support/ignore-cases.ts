import fc from 'fast-check';

/** A tree of files by their paths; one that ends with `/` is an empty folder. */
export type Tree = readonly Buffer[];

/** Names that mean something to a pattern, differ by case only, or are not UTF-8. */
const NAMES = [
  ...['a', 'b', 'c', 'ab', 'abc', 'A', 'B', 'build', 'BUILD', 'src', 'lib', 'x.log', 'y.LOG'],
  ...['a.b', 'axb', 'a+b', 'aab', 'c(1)', 'c1', '[x]', 'x', '{y}', 'a b', 'a$', '^c', 'd|e', 'd'],
  ...['!bang', '#hash', ' lead', 'trail ', 'back\\slash', '*', '**', '?', 'a*b', 'a-b', 'a]b', '5'],
  ...['.git', '.hidden', '..x', 'node_modules', 'café', 'cafe', '日本', 'é', '_', '\u{1F600}'],
].map((name) => Buffer.from(name));
const RAW_NAMES = ['caf\xe9', 'caf\xea', '\xff', 'a\xc3'].map((name) =>
  Buffer.from(name, 'latin1'),
);

const name = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...RAW_NAMES) },
);

const SLASH = Buffer.from('/');

function joined(parts: readonly Buffer[]): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [SLASH, part])));
}

const path = fc.array(name, { minLength: 1, maxLength: 4 }).map(joined);

export const tree: fc.Arbitrary<Tree> = fc.array(
  fc.tuple(path, fc.integer({ min: 0, max: 7 })).map(([found, odd]) =>
    // One in eight is an empty folder.
    odd === 0 ? Buffer.concat([found, SLASH]) : found,
  ),
  { minLength: 4, maxLength: 14 },
);

/** Parts of patterns; sequences of them produce unusual patterns. */
const PIECES = [
  ...[
    '{2}',
    '{1,2}',
    '{0,}',
    '{',
    '}',
    '|',
    '\\x{61}',
    '\\p{Lu}',
    '\\p{^L}',
    'a|b',
    '[[:^space:]]',
  ],
  ...['*', '**', '**/', '/**', '?', '/', '//', './', '../', '.', '..', '!', '! ', '#', ' ', '\t'],
  ...[
    '[a-c]',
    '[^a]',
    '[',
    ']',
    '[]',
    '[a-',
    '[b-a]',
    '[[:alpha:]]',
    '[\\d]',
    '[*]',
    '[**]',
    '[?]',
  ],
  ...['[a\\-z]', '[^]', '-', '^', '$', '+', '(', ')', '{', '}', '|', '\\', '\\\\', '\\a', '\\d'],
  ...[
    '\\w',
    '\\b',
    '\\.',
    '\\*',
    '\\x61',
    '\\0',
    '\\101',
    '\\1',
    '\\Q',
    '\\E',
    '\\pL',
    '\\é',
    '\\s',
  ],
  ...['a', 'b', 'ab', 'A', 'src', 'build', 'BUILD', '.log', 'x', 'café', 'é', '\uFEFF', '\u0085'],
].map((piece) => Buffer.from(piece));

const soup = fc
  .array(fc.oneof(fc.constantFrom(...PIECES), name), { minLength: 1, maxLength: 6 })
  .map((parts) => Buffer.concat(parts));

/** Patterns as people write them. */
const plain = fc
  .tuple(
    fc.constantFrom('', '', '', '/', './', '**/', '!', '!/', '!**/', ' '),
    path,
    fc.constantFrom('', '', '', '/', '/**', '/*', '*', ' ', '\t'),
  )
  .map(([before, middle, after]) =>
    Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]),
  );

const common = fc
  .constantFrom(
    ...['*', '**', '!src', '!src/lib', '!**/a', '*.log', '**/*.log', '!*.log', 'build', 'a/*/b'],
    ...['!a/b', 'a', '!a', 'src', '!src/**', '*/b', '**/b', '# comment', '', '!.git', '.*', 'a/b'],
  )
  .map((line) => Buffer.from(line));

/** An ignore file: its lines, and how these end. */
export const ignoreFile: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.array(fc.oneof(plain, common, soup), { minLength: 1, maxLength: 6 }),
    fc.constantFrom('\n', '\n', '\r\n'),
    fc.constantFrom('', '', '', '\uFEFF'),
  )
  .map(([lines, ending, mark]) =>
    Buffer.concat([Buffer.from(mark), ...lines.flatMap((line) => [line, Buffer.from(ending)])]),
  );
