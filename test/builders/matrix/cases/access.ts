import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import type { Cell, MatrixCase } from '../support/cell';
import { call } from '../support/registry-reader';

/** Lets the cell push to the registry that requires a login. */
async function useBasic(cell: Cell): Promise<void> {
  const { basic, username, password } = cell.registries;
  const { status } = await call({ host: basic.host }, '');
  expect(status).toBe(401);
  cell.access = { host: basic.host, login: { username, password } };
  cell.secrets.push(password);
}

/** Builds while a login is in a file, which is restored afterwards. */
async function withLoginIn(cell: Cell, file: string): Promise<void> {
  await useBasic(cell);
  const { username, password, basic } = cell.registries;
  const auth = Buffer.from(`${username}:${password}`).toString('base64');
  cell.secrets.push(auth);
  const before = existsSync(file) ? readFileSync(file) : undefined;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ auths: { [basic.host]: { auth } } }), { mode: 0o600 });
  try {
    expect((await cell.filesBuilt('')).files).toEqual({ hello: 'hello\n' });
    await cell.signNow();
  } finally {
    if (before === undefined) rmSync(file);
    else writeFileSync(file, before);
  }
}

/** How the builder gets into the registry. */
export const ACCESS: readonly MatrixCase[] = [
  {
    name: 'login by input',
    sample: true,
    run: async (cell) => {
      await useBasic(cell);
      const { username, password } = cell.registries;
      const registry = { username, password, insecure: false };
      expect((await cell.filesBuilt('', { registry })).files).toEqual({ hello: 'hello\n' });
    },
  },
  {
    name: 'login by docker config',
    run: (cell) => withLoginIn(cell, join(cell.engine.env['HOME'] ?? '', '.docker/config.json')),
  },
  {
    name: 'login by containers auth file',
    run: (cell) =>
      withLoginIn(cell, join(cell.engine.env['XDG_RUNTIME_DIR'] ?? '', 'containers/auth.json')),
  },
  {
    name: 'own CA',
    sample: true,
    run: async (cell) => {
      const { tls, caFile, otherCaFile } = cell.registries;
      cell.access = { host: tls.host, caFile };
      if (cell.column.builder === 'podman' || cell.column.builder === 'buildah') {
        const other = { caFile: otherCaFile, insecure: false };
        await expect(cell.build({ registry: other })).rejects.toThrow(/certificate|x509/);
      }
      const registry = { caFile, insecure: false };
      expect((await cell.filesBuilt('', { registry })).files).toEqual({ hello: 'hello\n' });
    },
  },
  {
    name: 'plain http',
    run: async (cell) => {
      const registry = { insecure: true };
      expect((await cell.filesBuilt('', { registry })).files).toEqual({ hello: 'hello\n' });
    },
  },
];
