import { execute } from '../../../../dev/builders/engine';
import type { Cell, MatrixCase } from '../support/cell';

/** Removes all that was built or pulled from the local store: only the registry's cache is left. */
async function emptyStore({ column, engine }: Cell): Promise<void> {
  const { env, buildxBuilder } = engine;
  const docker = async (): Promise<void> => {
    const builder = buildxBuilder === undefined ? [] : ['--builder', buildxBuilder];
    await execute('docker', ['buildx', 'prune', ...builder, '--all', '--force'], env);
  };
  const remove = (program: string) => execute(program, ['rmi', '--all', '--force'], env);
  if (column.builder === 'buildx' || column.builder === 'auto') await docker();
  if (column.builder === 'podman' || column.builder === 'auto') await remove('podman');
  if (column.builder === 'buildah') await remove('buildah');
}

/** The result of a RUN that is different each time it runs. */
async function uuidOf(cell: Cell, further: Parameters<Cell['build']>[0]): Promise<string> {
  const { files } = await cell.filesBuilt('/app', further);
  expect(files['uuid']).toMatch(/^[0-9a-f-]{36}\n$/);
  return files['uuid'] ?? '';
}

async function prepare(cell: Cell): Promise<void> {
  const base = await cell.base();
  cell.context.write(
    'Dockerfile',
    `FROM ${base}\nRUN mkdir /app && cat /proc/sys/kernel/random/uuid > /app/uuid\n`,
  );
}

/** A second build takes a layer from the registry, after the local store was emptied. */
export const CACHES: readonly MatrixCase[] = [
  {
    name: 'registry cache',
    refusedBy: {
      docker: /`build\.cacheTo`: docker does not support a repository as cache/,
      'buildx, dockerd 20.10':
        /buildx with the driver docker does not support a repository as cache/,
    },
    run: async (cell) => {
      await prepare(cell);
      const cache = `type=registry,ref=${cell.repository}/cache`;
      const first = await uuidOf(cell, { cacheTo: [cache] });
      await emptyStore(cell);
      // The same declaration, because BuildKit cannot read a cache of podman, and `auto` chooses by the inputs.
      expect(await uuidOf(cell, { cacheTo: [cache], cacheFrom: [cache] })).toBe(first);
      await emptyStore(cell);
      expect(await uuidOf(cell, {})).not.toBe(first);
    },
  },
  {
    name: 'inline cache',
    refusedBy: {
      docker: /`build\.cacheTo`: docker does not support a cache in the image itself/,
      podman: /`build\.cacheTo`: podman does not support a cache in the image itself/,
      buildah: /`build\.cacheTo`: buildah does not support a cache in the image itself/,
    },
    run: async (cell) => {
      await prepare(cell);
      // With a declared tag the daemon keeps the image that the next one replaces, as its cache.
      cell.allowedImages.push(`${cell.repository}:1`, `${cell.repository}:<none>`);
      const first = await uuidOf(cell, { tag: '1', cacheTo: ['type=inline'] });
      await emptyStore(cell);
      const cache = `type=registry,ref=${cell.repository}:1`;
      expect(await uuidOf(cell, { tag: '1', cacheFrom: [cache] })).toBe(first);
      await emptyStore(cell);
      expect(await uuidOf(cell, { tag: '1' })).not.toBe(first);
    },
  },
];
