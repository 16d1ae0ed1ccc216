import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { contextHash } from '../../src/build';
import { IgnoreRules, readRules } from '../../src/build/ignore';
import { Context } from './requests';

let context: Context;
beforeEach(() => {
  context = new Context();
});
afterEach(() => context.remove());

const hash = async (dockerfile = context.dockerfile) =>
  (await contextHash({ context: context.folder, dockerfile })).hash;

/** Text of which every character is one byte. */
const bytes = (text: string) => Buffer.from(text, 'latin1');

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
    expect(new IgnoreRules(readRules(Buffer.from('a\n'))).hasExceptions).toBe(false);
  });

  test('the Dockerfile’s own ignore file wins', async () => {
    context.write('.dockerignore', 'a\n');
    context.write('Dockerfile.dockerignore', 'b\n');
    expect(await changes(() => context.write('a', '1'))).toBe(true);
    expect(await changes(() => context.write('b', '1'))).toBe(false);
  });
});

describe('what .dockerignore names by case, bytes and expressions', () => {
  test('case counts: `build` does not hide BUILD', async () => {
    context.write('.dockerignore', 'build\n');
    context.write('BUILD', '1');
    expect(await changes(() => context.write('BUILD', '2'))).toBe(true);
    expect(await changes(() => context.write('build', '1'))).toBe(false);
  });

  test('a name that is not UTF-8 is hashed, and can be ignored', async () => {
    const file = bytes(`${context.folder}/caf\xe9`);
    expect(await changes(() => writeFileSync(file, '1'))).toBe(true);
    expect(await changes(() => writeFileSync(file, '2'))).toBe(true);
    context.write('.dockerignore', bytes('caf\xe9\n'));
    expect(await changes(() => writeFileSync(file, '3'))).toBe(false);
  });

  test('two names, and two link targets, that differ in such a byte differ', async () => {
    expect(
      await changes(() => {
        writeFileSync(bytes(`${context.folder}/\xe9`), '');
      }),
    ).toBe(true);
    const link = join(context.folder, 'link');
    symlinkSync(bytes('\xe9'), link);
    expect(
      await changes(() => {
        rmSync(link);
        symlinkSync(bytes('\xea'), link);
      }),
    ).toBe(true);
    expect(
      await changes(() => {
        rmSync(link);
        symlinkSync('\uFFFD', link);
      }),
    ).toBe(true);
  });

  test('a pattern that no builder accepts is an error with its file and line', async () => {
    context.write('.dockerignore', 'ok\n\n# comment\n[a-\n');
    await expect(hash()).rejects.toMatchObject({
      code: 'BUILD_CONTEXT_INVALID',
      property: 'build.context',
      message: expect.stringContaining('.dockerignore line 4: invalid pattern `[a-`'),
    });
    context.write('.dockerignore', '*\n!\n');
    await expect(hash()).rejects.toThrow(/line 2: invalid pattern `!`: there is no pattern/);
    context.write('.dockerignore', 'a\\d{2,1}\n');
    await expect(hash()).rejects.toThrow(/line 1: invalid pattern/);
  });
});

describe('podman and buildah, when they are named, obey their own ignore files', () => {
  const containers = async () =>
    (
      await contextHash({
        context: context.folder,
        dockerfile: context.dockerfile,
        convention: 'containers',
      })
    ).hash;

  test.each([
    ['.containerignore', '.dockerignore'],
    ['Dockerfile.containerignore', '.containerignore'],
    ['Dockerfile.dockerignore', 'Dockerfile.containerignore'],
  ])('%s before %s', async (first, second) => {
    context.write(first, 'a\n');
    context.write(second, 'b\n');
    const before = await containers();
    context.write('a', '1');
    expect(await containers()).toBe(before);
    context.write('b', '1');
    expect(await containers()).not.toBe(before);
  });
});

test('a .git in the context is a warning, with the line that ignores it', async () => {
  const warnings = async () =>
    (await contextHash({ context: context.folder, dockerfile: context.dockerfile })).warnings;
  expect(await warnings()).toEqual([]);
  context.write('vendor/x/.git/HEAD', 'ref: refs/heads/main');
  expect(await warnings()).toEqual([expect.stringContaining('add the line `**/.git`')]);
  context.write('.dockerignore', '**/.git\n');
  expect(await warnings()).toEqual([]);
});

test('an ignore file that only podman and buildah know is a warning where others may build', async () => {
  const { folder, dockerfile } = context;
  const warnings = async (convention: 'docker' | 'containers') =>
    (await contextHash({ context: folder, dockerfile, convention })).warnings;
  context.write('.containerignore', 'b\n');
  expect(await warnings('docker')).toEqual([
    expect.stringContaining('.containerignore is not used'),
  ]);
  expect(await warnings('containers')).toEqual([]);
  context.write('.dockerignore', 'b\n');
  expect(await warnings('docker')).toEqual([]);
});

test('the bits by which a program runs as its owner or group count', async () => {
  context.write('run', '#!/bin/sh\n');
  const modes = [0o644, 0o755, 0o4755, 0o2755, 0o6755];
  const hashes = new Set<string>();
  for (const mode of modes) {
    chmodSync(join(context.folder, 'run'), mode);
    hashes.add(
      (await contextHash({ context: context.folder, dockerfile: context.dockerfile })).hash,
    );
  }
  expect(hashes.size).toBe(modes.length);
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
