import { writeFileSync } from 'node:fs';

import { createPluginEnvironment } from '../../../../src/pulumi/plugin/environment';
import type { NamedContexts } from '../../../../src/build';
import { declaredSource } from '../../../../src/pulumi/plugin/build/source-detection';
import { WorkTree } from '../../../source/work-tree';

let tree: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
  tree.init();
  tree.write('app/Dockerfile', 'FROM scratch\n');
  tree.write('.gitignore', 'node_modules/\n');
  tree.commit();
  tree.write('app/node_modules/x.js', 'x');
});
afterEach(() => tree.remove());

const source = (dockerfile = 'app/Dockerfile', overrides = {}, contexts: NamedContexts = {}) =>
  declaredSource(
    overrides,
    { context: tree.at('app'), dockerfile: tree.at(dockerfile), contexts, declared: {} },
    createPluginEnvironment(tree.env, tree.folder),
  );

test('what .dockerignore leaves out is not read by the build', async () => {
  await expect(source()).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringContaining('"app/node_modules/"; add these to .dockerignore'),
  });
  tree.write('app/.dockerignore', 'node_modules\n');
  await expect(source()).rejects.toMatchObject({
    message: expect.stringContaining('"app/.dockerignore" not in the commit; commit'),
  });
  const commit = tree.commit();
  expect(await source()).toMatchObject({ commit, dirty: false });
});

test.each([
  ['an exception with a name that is not ASCII', '*\n!Dockerfile\n!.dockerignore\n!é.js\n', 'é.js'],
  ['an exception with a wildcard for one character', '*\n!Dockerfile\n!?.js\n!.d*\n', 'é.js'],
  ['an exception with a class', '**\n!Dockerfile\n!.d*\n![è-ê].js\n', 'é.js'],
])('%s sends an ignored file', async (_, rules, name) => {
  tree.write('app/.dockerignore', rules);
  tree.write('.gitignore', 'node_modules/\n*.js\n');
  tree.commit();
  expect(await source()).toMatchObject({ dirty: false });
  tree.write(`app/${name}`, 'evil');
  await expect(source()).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringContaining(`"app/${name}"`),
  });
});

test.each(['é.js\n', '?.js\n', 'app\n[é].js\n'])(
  '%j leaves out a file with an accent',
  async (rules) => {
    tree.write('app/.dockerignore', `node_modules\n${rules}`);
    tree.write('.gitignore', '*.js\n');
    const commit = tree.commit();
    tree.write('app/é.js', 'x');
    expect(await source()).toMatchObject({ commit, dirty: false });
  },
);

test('a name that is not UTF-8 is compared as the builder compares it', async () => {
  tree.write('app/.dockerignore', 'node_modules\n*.js\n');
  tree.write('.gitignore', '*.js\n');
  const commit = tree.commit();
  writeFileSync(Buffer.from(`${tree.at('app')}/caf\xe9.js`, 'latin1'), 'x');
  expect(await source()).toMatchObject({ commit, dirty: false });
});

test('the Dockerfile and its own ignore file are read by the build', async () => {
  tree.write('node_modules/Dockerfile', 'FROM scratch\n');
  tree.write('node_modules/Dockerfile.dockerignore', '**/node_modules\n');
  await expect(source('node_modules/Dockerfile')).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringMatching(/node_modules\/Dockerfile".*Dockerfile\.dockerignore"/),
  });
});

test('an image that is not built here has the facts of the program’s folder', async () => {
  const environment = createPluginEnvironment(tree.env, tree.folder);
  expect(await declaredSource({}, undefined, environment)).toMatchObject({ dirty: false });
});

test('a directory can be declared that is the source', async () => {
  const other = new WorkTree();
  const commit = other.committed();
  const facts = await source(undefined, { directory: other.folder, allowDirty: true });
  // The context is in another repository, so its files are not those of the commit.
  expect(facts).toMatchObject({ commit, dirty: true });
  other.remove();
});

test('a named context is read by the build, without what its own ignore file leaves out', async () => {
  tree.write('app/.dockerignore', 'node_modules\n');
  tree.write('.gitignore', 'node_modules/\ngenerated/\n*.log\n');
  tree.write('shared/file', 'x');
  tree.write('shared/.dockerignore', '*.log\n');
  tree.commit();
  tree.write('shared/a.log', 'x');
  const contexts: NamedContexts = {
    shared: { kind: 'folder', path: tree.at('shared') },
    base: { kind: 'image', image: 'r.example/base' },
  };
  expect(await source(undefined, {}, contexts)).toMatchObject({ dirty: false });
  tree.write('shared/generated/code', 'x');
  expect(await source()).toMatchObject({ dirty: false });
  await expect(source(undefined, {}, contexts)).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringContaining('"shared/generated/"') as string,
  });
});
