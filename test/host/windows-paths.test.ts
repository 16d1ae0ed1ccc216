import { readFileSync } from 'node:fs';
import type * as nodePath from 'node:path';
import { join, resolve } from 'node:path';

import { parseKeyReference } from '../../src/key';
import { parsePkcs11Uri } from '../../src/key/pkcs11/pkcs11-uri';
import type * as authFile from '../../src/oci/auth-file';
import type * as bytePaths from '../../src/source/byte-path';
import type * as gitLocation from '../../src/source/git-location';

const PLUGIN = resolve(__dirname, '..', '..', 'plugin');

/** Loads a module as on Windows: Node's own functions for Windows paths, and that platform. */
function onWindows<T, R>(load: () => T, use: (module: T) => R): R {
  const { platform } = process;
  const results: R[] = [];
  Object.defineProperty(process, 'platform', { value: 'win32' });
  try {
    jest.isolateModules(() => {
      jest.doMock('node:path', () => jest.requireActual<typeof nodePath>('node:path').win32);
      results.push(use(load()));
    });
  } finally {
    jest.dontMock('node:path');
    Object.defineProperty(process, 'platform', { value: platform });
  }
  const [result] = results;
  if (result === undefined) throw new Error('the module was not loaded');
  return result;
}

describe('paths on Windows', () => {
  it.each([
    'C:\\keys\\cosign.key',
    'C:/keys/cosign.key',
    '\\\\server\\share\\cosign.key',
    'c:cosign.key',
  ])('the key reference %s is a file, not a scheme', (ref) => {
    expect(parseKeyReference(ref).description).toBe(`the file ${ref}`);
  });

  it.each([
    ['C:/keys/pin', 'C:/keys/pin'],
    ['file:C:/keys/pin', 'C:/keys/pin'],
    ['file:/C:/keys/pin', 'C:/keys/pin'],
    ['file:///C:/keys/pin', 'C:/keys/pin'],
    ['file:///run/secrets/pin', '/run/secrets/pin'],
  ])('the pin-source %s is %s', (source, path) => {
    const uri = `pkcs11:token=t;object=o?module-path=/m.so&pin-source=${source}`;
    expect(parsePkcs11Uri(uri)).toMatchObject({ pinSource: path });
  });

  it('docker’s configuration is in the folder of the user', () => {
    const paths = onWindows(
      () => jest.requireActual<typeof authFile>('../../src/oci/auth-file'),
      ({ authFileLocations }) =>
        authFileLocations({ USERPROFILE: 'C:\\Users\\me' }, { uid: undefined, platform: 'win32' }),
    ).map(({ path }) => path);
    expect(paths).toContain('C:\\Users\\me\\.docker\\config.json');
    expect(paths.filter((path) => path.includes('/'))).toEqual([]);
  });

  it('a folder contains what is below it, and nothing of another drive', () => {
    const within = onWindows(
      () => jest.requireActual<typeof gitLocation>('../../src/source/git-location'),
      ({ isWithin }) =>
        [
          ['C:\\work\\app', 'C:\\work'],
          ['C:\\work', 'C:\\'],
          ['C:\\workshop', 'C:\\work'],
          ['D:\\work\\app', 'C:\\work'],
        ].map(([path = '', folder = '']) => isWithin(path, folder)),
    );
    expect(within).toEqual([true, true, false, false]);
  });

  it('a path in a context has slashes', () => {
    const path = onWindows(
      () => jest.requireActual<typeof bytePaths>('../../src/source/byte-path'),
      ({ bytePath }) => bytePath('src\\app\\main.ts'),
    );
    expect(path).toBe('src/app/main.ts');
  });

  it('the engine finds a program beside the plugin that runs the same file', () => {
    const name = 'pulumi-resource-signed-image';
    const script = readFileSync(join(PLUGIN, `${name}.cmd`), 'utf8');
    expect(script).toContain(`node "%~dp0${name}" %*`);
    expect(readFileSync(join(PLUGIN, name), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
