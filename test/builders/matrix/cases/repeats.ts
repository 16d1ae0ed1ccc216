import { changesBetween } from '../../../../src/build';
import type { MatrixCase } from '../support/cell';

/** A build after another one of the same declaration. */
export const REPEATS: readonly MatrixCase[] = [
  {
    name: 'moved base',
    sample: true,
    run: async (cell) => {
      for (const content of ['one', 'two']) {
        // With equal creation times: a tool that compares these keeps the old one.
        const base = await cell.base({
          files: { '/app/content': content },
          settings: { Labels: { content } },
        });
        cell.context.write('Dockerfile', `FROM ${base}\nCOPY hello /app/hello\n`);
        const { image, files } = await cell.filesBuilt('/app');
        expect(files).toEqual({ content, hello: 'hello\n' });
        expect(image.settings['Labels']).toEqual({ content });
      }
    },
  },
  {
    name: 'second run',
    run: async (cell) => {
      const before = await cell.fingerprint();
      const first = await cell.filesBuilt('');
      expect(changesBetween(before, await cell.fingerprint())).toEqual([]);
      const second = await cell.filesBuilt('');
      expect(second.files).toEqual(first.files);
      // podman and buildah write the host name of the container of the build.
      const settingsOf = ({ settings }: typeof first.image) => ({ ...settings, Hostname: '' });
      expect(settingsOf(second.image)).toEqual(settingsOf(first.image));
    },
  },
  {
    name: 'one changed file',
    sample: true,
    run: async (cell) => {
      cell.context.write('stays', 'stays');
      cell.context.write('Dockerfile', 'FROM scratch\nCOPY hello stays /\n');
      const before = await cell.fingerprint();
      expect((await cell.filesBuilt('')).files).toEqual({ hello: 'hello\n', stays: 'stays' });
      // Of the same length.
      cell.context.write('hello', 'HELLO\n');
      expect(changesBetween(before, await cell.fingerprint())).toEqual(['context changed']);
      expect((await cell.filesBuilt('')).files).toEqual({ hello: 'HELLO\n', stays: 'stays' });
    },
  },
];
