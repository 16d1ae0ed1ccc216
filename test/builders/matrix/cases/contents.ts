import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Context } from '../../../build/requests';
import type { MatrixCase } from '../support/cell';

const COPY_ALL = 'FROM scratch\nCOPY . /app/\n';

/** What of the Dockerfile and the context becomes the image. */
export const CONTENTS: readonly MatrixCase[] = [
  {
    name: 'scratch',
    sample: true,
    run: async (cell) => {
      const { image, files } = await cell.filesBuilt('');
      expect(files).toEqual({ hello: 'hello\n' });
      expect(image.settings['Labels'] ?? {}).toEqual({});
      expect(image.platform).toBe(`linux/${process.arch === 'x64' ? 'amd64' : process.arch}`);
    },
  },
  {
    name: 'multi-stage with RUN',
    sample: true,
    run: async (cell) => {
      const base = await cell.base();
      cell.context.write(
        'Dockerfile',
        `FROM ${base} AS build\nWORKDIR /src\nCOPY hello .\nRUN sed s/hello/built/ hello > result\n` +
          'FROM scratch\nCOPY --from=build /src/result /result\n',
      );
      expect((await cell.filesBuilt('')).files).toEqual({ result: 'built\n' });
    },
  },
  {
    name: 'args',
    run: async (cell) => {
      const args = { PLAIN: 'one', ODD: 'two "words" & $HOME \'x\'', EMPTY: '' };
      const base = await cell.base();
      cell.context.write(
        'Dockerfile',
        `FROM ${base}\nARG PLAIN\nARG ODD\nARG EMPTY=default\nARG UNSET=default\nENV KEPT=$PLAIN\n` +
          `RUN mkdir /app && printf %s "$ODD" > /app/odd && printf %s "$EMPTY" > /app/empty && ` +
          'printf %s "$UNSET" > /app/unset\n',
      );
      const { image, files } = await cell.filesBuilt('/app', { args });
      expect(files).toEqual({ odd: args.ODD, empty: '', unset: 'default' });
      expect(image.settings['Env']).toContain('KEPT=one');
    },
  },
  {
    name: 'secret',
    sample: true,
    refusedBy: { docker: /`build\.secrets`: docker does not support build secrets/ },
    run: async (cell) => {
      const token = cell.secret();
      const base = await cell.base();
      cell.context.write(
        'Dockerfile',
        `FROM ${base}\nRUN --mount=type=secret,id=token mkdir /app && wc -c < /run/secrets/token > /app/length\n`,
      );
      const { files } = await cell.filesBuilt('/app', { secrets: { token } });
      expect(files['length']?.trim()).toBe(String(token.length));
    },
  },
  {
    name: 'target',
    run: async (cell) => {
      cell.context.write(
        'Dockerfile',
        'FROM scratch AS first\nCOPY hello /first\nFROM scratch AS second\nCOPY hello /second\n',
      );
      expect((await cell.filesBuilt('', { target: 'first' })).files).toEqual({ first: 'hello\n' });
    },
  },
  {
    name: 'labels',
    run: async (cell) => {
      const labels = { 'org.example.plain': 'one', 'org.example.odd': 'two "words", a=b $HOME' };
      cell.context.write('Dockerfile', 'FROM scratch\nLABEL own=yes\nCOPY hello /hello\n');
      const { image } = await cell.filesBuilt('', { labels });
      expect(image.settings['Labels']).toEqual({ own: 'yes', ...labels });
    },
  },
  {
    name: '.dockerignore',
    refusedBy: { docker: /docker builder does not send sub\/deep\/c\.md/ },
    run: async (cell) => {
      for (const path of ['app.log', 'keep.log', 'sub/a.txt', 'sub/b.md', 'sub/deep/c.md', 'x/y'])
        cell.context.write(path, path);
      cell.context.write('Dockerfile', COPY_ALL);
      cell.context.write(
        '.dockerignore',
        '# comment\n*.log\n!keep.log\nsub\n!sub/**/*.md\nDockerfile\n.dockerignore\n',
      );
      expect((await cell.filesBuilt('/app')).files).toEqual({
        hello: 'hello\n',
        'keep.log': 'keep.log',
        'sub/b.md': 'sub/b.md',
        'sub/deep/c.md': 'sub/deep/c.md',
        'x/y': 'x/y',
      });
    },
  },
  {
    name: 'own ignore file',
    refusedBy: { docker: /docker builder does not read \S+Dockerfile\.dockerignore/ },
    run: async (cell) => {
      cell.context.write('Dockerfile', COPY_ALL);
      cell.context.write('other', 'other');
      cell.context.write('.dockerignore', 'hello\n');
      cell.context.write('Dockerfile.dockerignore', 'other\nDockerfile*\n.dockerignore\n');
      expect((await cell.filesBuilt('/app')).files).toEqual({ hello: 'hello\n' });
    },
  },
  {
    name: '.containerignore present',
    run: async (cell) => {
      cell.context.write('Dockerfile', COPY_ALL);
      cell.context.write('other', 'other');
      cell.context.write('.containerignore', 'other\n.*ignore\nDockerfile\n');
      cell.context.write('.dockerignore', 'hello\n.*ignore\nDockerfile\n');
      const { builder } = cell.column;
      // Declared as builder, they read their own file; chosen by `auto`, docker's.
      const isContainers = builder === 'podman' || builder === 'buildah';
      expect((await cell.filesBuilt('/app')).files).toEqual(
        isContainers ? { hello: 'hello\n' } : { other: 'other' },
      );
    },
  },
  {
    name: 'Dockerfile outside of the context',
    run: async (cell) => {
      const outside = new Context('FROM scratch\nCOPY hello /from-outside\n');
      cell.context.write('Dockerfile', 'FROM scratch\nCOPY hello /from-inside\n');
      try {
        const { files } = await cell.filesBuilt('', { dockerfile: outside.dockerfile });
        expect(files).toEqual({ 'from-outside': 'hello\n' });
      } finally {
        outside.remove();
      }
    },
  },
  {
    name: 'Dockerfile is a link to a file outside',
    run: async (cell) => {
      const outside = new Context('FROM scratch\nCOPY hello /linked\n');
      const dockerfile = join(cell.context.folder, 'Dockerfile.link');
      symlinkSync(outside.dockerfile, dockerfile);
      try {
        expect((await cell.filesBuilt('', { dockerfile })).files).toEqual({ linked: 'hello\n' });
      } finally {
        outside.remove();
      }
    },
  },
  {
    name: 'links and odd names',
    sample: true,
    run: async (cell) => {
      const names = [
        'a b/c d',
        'grün/日本',
        '-dash',
        'quote"\'',
        'back\\slash',
        '[x]*',
        'tab\tb',
        '$A',
      ];
      for (const name of names) cell.context.write(name, name);
      const links = { link: 'hello', dangling: '../nowhere', 'to a folder': 'a b' };
      for (const [name, target] of Object.entries(links))
        symlinkSync(target, join(cell.context.folder, name));
      cell.context.write('Dockerfile', COPY_ALL);
      cell.context.write('.dockerignore', 'Dockerfile\n.dockerignore\n');
      expect((await cell.filesBuilt('/app')).files).toEqual({
        hello: 'hello\n',
        ...Object.fromEntries(names.map((name) => [name, name])),
        ...Object.fromEntries(Object.entries(links).map(([name, to]) => [name, `-> ${to}`])),
      });
    },
  },
  {
    name: 'names that are not UTF-8',
    refusedBy: {
      'buildx, dockerd 29': /does not support file names that are not UTF-8.*latin1-\\xfc/,
    },
    run: async (cell) => {
      const name = Buffer.concat([
        Buffer.from(join(cell.context.folder, 'latin1-')),
        Buffer.of(0xfc),
      ]);
      writeFileSync(name, 'latin1');
      cell.context.write('Dockerfile', COPY_ALL);
      cell.context.write('.dockerignore', 'Dockerfile\n.dockerignore\n');
      expect((await cell.filesBuilt('/app')).files).toEqual({
        hello: 'hello\n',
        'latin1-\\xfc': 'latin1',
      });
    },
  },
  {
    name: 'context folder with an odd name',
    run: async (cell) => {
      const parent = mkdtempSync(join(tmpdir(), 'matrix-context-'));
      const context = join(parent, 'Büro 日本 = a,b');
      cpSync(cell.context.folder, context, { recursive: true });
      try {
        const paths = { context, dockerfile: join(context, 'Dockerfile') };
        expect((await cell.filesBuilt('', paths)).files).toEqual({ hello: 'hello\n' });
      } finally {
        rmSync(parent, { recursive: true, force: true });
      }
    },
  },
];
