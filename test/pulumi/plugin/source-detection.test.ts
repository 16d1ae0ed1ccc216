import { createPluginEnvironment } from '../../../src/pulumi/plugin/environment';
import { declaredSource } from '../../../src/pulumi/plugin/source-detection';
import { WorkTree } from '../../source/work-tree';

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

const source = (dockerfile = 'app/Dockerfile', overrides = {}) =>
  declaredSource(
    overrides,
    { context: tree.at('app'), dockerfile: tree.at(dockerfile), declared: {} },
    createPluginEnvironment(tree.env, tree.folder),
  );

test('what .dockerignore leaves out is not read by the build', async () => {
  await expect(source()).rejects.toMatchObject({
    code: 'SOURCE_DIRTY',
    message: expect.stringContaining('"app/node_modules/"; add these to .dockerignore'),
  });
  tree.write('app/.dockerignore', 'node_modules\n');
  await expect(source()).rejects.toMatchObject({
    message: expect.stringContaining('"app/.dockerignore"; commit'),
  });
  const commit = tree.commit();
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
