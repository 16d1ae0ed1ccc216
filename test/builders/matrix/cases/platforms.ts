import type { MatrixCase } from '../support/cell';
import { filesBelow } from '../support/pushed-image';

const PLATFORMS = ['linux/amd64', 'linux/arm64'];

const ONE_ONLY = {
  docker: /`build\.platforms`: docker does not support several platforms/,
  'buildx, dockerd 20.10':
    /`build\.platforms`: buildx with the driver docker does not support several platforms/,
} as const;

/** Images of platforms that are not this machine's: no RUN. */
export const PLATFORM_CASES: readonly MatrixCase[] = [
  {
    name: 'two platforms, equal content',
    sample: true,
    refusedBy: ONE_ONLY,
    run: async (cell) => {
      const { image } = await cell.build({ platforms: PLATFORMS });
      expect(image.isIndex).toBe(true);
      expect(image.platforms.map(({ platform }) => platform)).toEqual(PLATFORMS);
      for (const each of image.platforms)
        expect(filesBelow(each, '')).toEqual({ hello: 'hello\n' });
    },
  },
  {
    name: 'two platforms, unequal content',
    refusedBy: ONE_ONLY,
    run: async (cell) => {
      cell.context.write('for/amd64', 'amd64');
      cell.context.write('for/arm64', 'arm64');
      cell.context.write(
        'Dockerfile',
        'FROM scratch\nARG TARGETARCH\nCOPY for/$TARGETARCH /arch\n',
      );
      const { image } = await cell.build({ platforms: PLATFORMS });
      expect(image.platforms.map((each) => [each.platform, filesBelow(each, '')])).toEqual([
        ['linux/amd64', { arch: 'amd64' }],
        ['linux/arm64', { arch: 'arm64' }],
      ]);
    },
  },
  {
    name: 'one foreign platform after another',
    sample: true,
    run: async (cell) => {
      for (const platform of ['linux/arm64', 'linux/s390x', 'linux/arm64', 'linux/amd64']) {
        const { image, files } = await cell.filesBuilt('', { platforms: [platform] });
        expect([image.platform, files]).toEqual([platform, { hello: 'hello\n' }]);
      }
    },
  },
];
