import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { runCommand } from '../../src/build/process';
import { findExecutable, launchEnvironment } from '../../src/host/executable';
import { runHelper } from '../../src/oci/credential-helper';

const folder = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-path-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(path: string, mode = 0o755): string {
  const full = join(folder, path);
  mkdirSync(join(full, '..'), { recursive: true });
  writeFileSync(full, '#!/bin/sh\necho "$0"\necho "$PATH"\n');
  chmodSync(full, mode);
  return full;
}

const path = (...folders: readonly string[]) => ({ PATH: folders.join(delimiter) });

test('a program is found in the first absolute folder of PATH that has it', () => {
  const [first, second] = [program('first/tool'), program('second/tool')];
  const [a, b] = [join(folder, 'first'), join(folder, 'second')];
  expect(findExecutable('tool', path(join(folder, 'none'), b, a))).toBe(second);
  expect(findExecutable('tool', path(a, b))).toBe(first);
  expect(findExecutable('other', path(a, b))).toBeUndefined();
});

test('what cannot be executed, and a folder, are passed over', () => {
  program('plain/tool2', 0o644);
  mkdirSync(join(folder, 'folder/tool2'), { recursive: true });
  const found = program('last/tool2');
  const folders = ['plain', 'folder', 'last'].map((name) => join(folder, name));
  expect(findExecutable('tool2', path(...folders))).toBe(found);
});

test('neither the current folder nor a relative one is searched', () => {
  program('here/tool3');
  const before = process.cwd();
  process.chdir(join(folder, 'here'));
  try {
    for (const PATH of ['', '.', './', '..', '../here', 'x::y', ':', '/usr/bin:']) {
      expect(findExecutable('tool3', { PATH })).toBeUndefined();
    }
    for (const name of ['./tool3', '../here/tool3', 'x/../tool3']) {
      expect(findExecutable(name, path(folder))).toBeUndefined();
    }
  } finally {
    process.chdir(before);
  }
});

test('an absolute path is taken as it is, if it can be executed', () => {
  const found = program('absolute/tool4');
  expect(findExecutable(found, {})).toBe(found);
  expect(findExecutable(`${found}-gone`, {})).toBeUndefined();
});

test('without PATH the usual folders are searched', () => {
  expect(findExecutable('sh', {})).toMatch(/^\/.*\/sh$/);
});

test('on Windows the extensions that need no shell are tried', () => {
  const found = program('windows/tool5.exe');
  program('windows/tool6.cmd');
  const env = path(join(folder, 'windows'));
  expect(findExecutable('tool5', env, 'win32')).toBe(found);
  expect(findExecutable('tool5.exe', env, 'win32')).toBe(found);
  expect(findExecutable('tool6', env, 'win32')).toBeUndefined();
});

test('a child does not search the current folder either', () => {
  expect(launchEnvironment({ PATH: '.:/a::b:/c:', OTHER: 'x' })).toEqual({
    PATH: '/a:/c',
    OTHER: 'x',
  });
  expect(launchEnvironment({ OTHER: 'x' })).toEqual({ OTHER: 'x' });
});

describe('with a PATH that names the current folder', () => {
  const before = process.cwd();
  const env = { PATH: `.:${process.env['PATH']}` };
  beforeAll(() => {
    program('context/docker-credential-planted');
    program('context/planted');
    process.chdir(join(folder, 'context'));
  });
  afterAll(() => process.chdir(before));

  test('no credential helper is started from it', async () => {
    await expect(runHelper(env)('planted', 'registry.example')).rejects.toThrow('not on the PATH');
  });

  test('no builder is started from it', async () => {
    expect(await runCommand({ program: 'planted', args: [], env })).toBeUndefined();
    const finished = await runCommand({ program: 'sh', args: ['-c', 'echo "$PATH"'], env });
    expect(finished?.stdout[0]).not.toMatch(/(?:^|:)\./);
  });
});
