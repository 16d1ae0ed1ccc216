import type { MatrixCase } from '../support/cell';

/** Networks of the steps. */
export const NETWORKS: readonly MatrixCase[] = [
  {
    name: 'network of the host',
    refusedBy: {
      // buildkitd of the tests is started without the entitlement, as by default.
      'buildx, buildkitd': /the daemon of this buildx builder does not allow .*network\.host/,
    },
    run: async (cell) => {
      const base = await cell.base();
      cell.context.write('Dockerfile', `FROM ${base}\nRUN mkdir /app && echo 1 > /app/one\n`);
      const { files } = await cell.filesBuilt('/app', { network: 'host' });
      expect(files).toEqual({ one: '1\n' });
    },
  },
];
