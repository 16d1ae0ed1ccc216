import { unsentByClassicDocker } from '../../src/build/classic-context';
import { Context } from './requests';

let context: Context;
beforeEach(() => {
  context = new Context();
  for (const path of ['sub/a.txt', 'sub/b.md', 'sub/deep/c.md', 'other/d.md'])
    context.write(path, path);
});
afterEach(() => context.remove());

const unsent = (...lines: string[]) => {
  context.write('.dockerignore', lines.join('\n'));
  const { folder, dockerfile } = context;
  return unsentByClassicDocker({ context: folder, dockerfile });
};

/** The docker CLI compares the text of an exception with the path of an ignored folder. */
test.each([
  ['a wildcard below an ignored folder', ['sub', '!sub/**/*.md'], 'sub/deep/c.md'],
  ['a wildcard for the folder itself', ['sub', '!s*/b.md'], 'sub/b.md'],
  ['everything but one kind of files', ['*', '!**/*.md'], 'other/d.md'],
])('%s', async (_, lines, path) => {
  expect(await unsent(...lines)).toContain(`does not send ${path}, which .dockerignore includes`);
});

test.each([
  ['no exceptions', ['sub', '*.txt']],
  ['an exception with the path', ['sub', '!sub/deep/c.md']],
  ['an exception with the folder', ['sub', '!sub/deep']],
  ['a wildcard below a folder that is not ignored', ['**/*.md', '!sub/*/*.md']],
  ['an exception without an entry', ['sub', '!sub/**/*.pdf']],
])('%s: all is sent', async (_, lines) => {
  expect(await unsent(...lines)).toBeUndefined();
});

test('no ignore file: all is sent', async () => {
  const { folder, dockerfile } = context;
  expect(await unsentByClassicDocker({ context: folder, dockerfile })).toBeUndefined();
});
