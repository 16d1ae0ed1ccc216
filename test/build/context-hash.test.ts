import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { contextHash } from '../../src/build';
import { parseIgnoreRules } from '../../src/build/ignore-file';
import { Context } from './requests';

let context: Context;
beforeEach(() => {
  context = new Context();
});
afterEach(() => context.remove());

const hash = async (dockerfile = context.dockerfile) =>
  (await contextHash({ context: context.folder, dockerfile })).hash;

/** Whether a change of the context changes its hash. */
async function changes(change: () => void): Promise<boolean> {
  const before = await hash();
  change();
  return (await hash()) !== before;
}

test('is the same for the same content, in another folder, later, by another umask', async () => {
  context.write('dir/b', 'b');
  const other = new Context();
  other.write('dir/b', 'b');
  utimesSync(join(other.folder, 'hello'), 1, 1);
  chmodSync(join(other.folder, 'hello'), 0o600);
  const same = await contextHash({ context: other.folder, dockerfile: other.dockerfile });
  expect(same.hash).toBe(await hash());
  expect(same.hash).toMatch(/^sha256:[0-9a-f]{64}$/);
  other.remove();
});

test.each<[string, (context: Context) => void]>([
  ['content', (c) => c.write('hello', 'other')],
  ['a new file', (c) => c.write('new', '')],
  ['a removed file', (c) => rmSync(join(c.folder, 'hello'))],
  ['an empty folder', (c) => void mkdirSync(join(c.folder, 'empty'))],
  ['the executable bit', (c) => chmodSync(join(c.folder, 'hello'), 0o755)],
  ['a link', (c) => symlinkSync('hello', join(c.folder, 'link'))],
  ['a pipe', (c) => void execFileSync('mkfifo', [join(c.folder, 'pipe')])],
])('%s counts', async (_, change) => {
  expect(await changes(() => change(context))).toBe(true);
});

test('a file moved, or content moved between two files, counts', async () => {
  context.write('a', '1');
  context.write('b', '2');
  expect(
    await changes(() => {
      context.write('a', '2');
      context.write('b', '1');
    }),
  ).toBe(true);
});

test('a link counts by its target, and is not followed out of the context', async () => {
  const outside = new Context();
  symlinkSync(outside.folder, join(context.folder, 'out'));
  expect(await changes(() => outside.write('hello', 'changed'))).toBe(false);
  expect(
    await changes(() => {
      rmSync(join(context.folder, 'out'));
      symlinkSync('elsewhere', join(context.folder, 'out'));
    }),
  ).toBe(true);
  outside.remove();
});

test('a context that is itself a link is the folder behind it', async () => {
  const link = `${context.folder}-link`;
  symlinkSync(context.folder, link);
  const linked = await contextHash({ context: link, dockerfile: context.dockerfile });
  expect(linked.hash).toBe(await hash());
  rmSync(link);
});

test('a socket is left out, as docker does', async () => {
  const before = await hash();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(context.folder, 's.sock'), resolve));
  expect(await hash()).toBe(before);
  await new Promise((resolve) => server.close(resolve));
});

describe('what .dockerignore names does not count', () => {
  test('files, folders, patterns, comments and a byte order mark', async () => {
    context.write('.dockerignore', '\uFEFFnode_modules\r\n# comment\r\n**/*.log\r\n');
    context.write('sub/keep', '');
    expect(await changes(() => context.write('node_modules/deep/x', '1'))).toBe(false);
    expect(await changes(() => context.write('sub/a.log', '1'))).toBe(false);
    expect(await changes(() => context.write('sub/node_modules', '1'))).toBe(true);
  });

  test('exceptions below an ignored folder count', async () => {
    context.write('.dockerignore', 'out\n!out/keep\n');
    context.write('out/x', '1');
    expect(await changes(() => context.write('out/x', '2'))).toBe(false);
    expect(await changes(() => context.write('out/keep', '1'))).toBe(true);
    expect(parseIgnoreRules('a\n').hasExceptions).toBe(false);
  });

  test('the Dockerfile’s own ignore file wins', async () => {
    context.write('.dockerignore', 'a\n');
    context.write('Dockerfile.dockerignore', 'b\n');
    expect(await changes(() => context.write('a', '1'))).toBe(true);
    expect(await changes(() => context.write('b', '1'))).toBe(false);
  });
});

test('the Dockerfile is hashed by itself: ignored, or outside of the context', async () => {
  context.write('.dockerignore', 'Dockerfile\n');
  const before = await contextHash({ context: context.folder, dockerfile: context.dockerfile });
  context.write('Dockerfile', 'FROM scratch\n');
  const after = await contextHash({ context: context.folder, dockerfile: context.dockerfile });
  expect(after.hash).toBe(before.hash);
  expect(after.dockerfile).not.toBe(before.dockerfile);
  const outside = new Context('FROM scratch\n');
  const elsewhere = { context: context.folder, dockerfile: outside.dockerfile };
  expect((await contextHash(elsewhere)).dockerfile).toBe(after.dockerfile);
  outside.remove();
});

test('a large file is hashed in pieces', async () => {
  context.write('large', Buffer.alloc(3_000_000, 1));
  expect(await changes(() => context.write('large', Buffer.alloc(3_000_000, 2)))).toBe(true);
});

test('what cannot be read is an error on its property', async () => {
  const missing = { context: context.folder, dockerfile: join(context.folder, 'no') };
  await expect(contextHash(missing)).rejects.toMatchObject({
    code: 'BUILD_CONTEXT_INVALID',
    property: 'build.dockerfile',
  });
  const gone = { context: join(context.folder, 'no'), dockerfile: context.dockerfile };
  await expect(contextHash(gone)).rejects.toMatchObject({
    code: 'BUILD_CONTEXT_INVALID',
    property: 'build.context',
  });
});
