import { annotationsOf, detectSource } from '../../src/source';
import { reads } from './project';
import { WorkTree } from './work-tree';

let tree: WorkTree;
let library: WorkTree;
beforeEach(() => {
  tree = new WorkTree();
  library = new WorkTree();
});
afterEach(() => {
  tree.remove();
  library.remove();
});

const build = (context: string, env: NodeJS.ProcessEnv = {}) =>
  detectSource({
    cwd: tree.at(context),
    program: tree.at('deploy'),
    env: { ...tree.env, ...env },
    reads: reads(tree.at(context)),
  });

const ACTIONS = (commit: string) => ({
  GITHUB_ACTIONS: 'true',
  GITHUB_SHA: commit,
  GITHUB_REF: 'refs/heads/main',
  GITHUB_REF_NAME: 'main',
  GITHUB_REPOSITORY: 'acme/mono',
});

test('the folder of the context in a monorepo is recorded, and nothing at the top', async () => {
  tree.init();
  tree.write('deploy/index.ts', '');
  tree.write('services/app/main.js', '');
  const commit = tree.commit();
  expect(await build('services/app')).toMatchObject({ commit, path: 'services/app' });
  expect(await build('.')).not.toHaveProperty('path');
  const unbuilt = await detectSource({ cwd: tree.at('services/app'), env: tree.env });
  expect(unbuilt).not.toHaveProperty('path');
});

describe('a context in a submodule', () => {
  let inner: string;
  let outer: string;
  beforeEach(() => {
    library.init();
    library.write('image/Dockerfile', 'FROM scratch\n');
    inner = library.commit();
    tree.init();
    tree.write('deploy/index.ts', '');
    tree.git('submodule', '--quiet', 'add', library.folder, 'vendor/library');
    tree.git('remote', 'add', 'origin', 'https://canary-user:canary-token@github.com/acme/mono');
    outer = tree.commit();
    const submodule = new WorkTree(tree.at('vendor/library'));
    submodule.git('remote', 'set-url', 'origin', 'https://github.com/acme/library.git');
  });

  test('has the commit and repository of the submodule, and names the outer one', async () => {
    const facts = await build('vendor/library/image');
    expect(facts).toMatchObject({
      commit: inner,
      repository: 'https://github.com/acme/library.git',
      path: 'image',
      superproject: `git+https://github.com/acme/mono@${outer}#vendor/library`,
    });
    expect(JSON.stringify(annotationsOf(facts))).not.toContain(outer);
  });

  test('does not have the branch and ref of the CI system, which are of the outer one', async () => {
    const facts = await build('vendor/library/image', ACTIONS(outer));
    expect(facts).toMatchObject({ commit: inner, builder: { system: 'github-actions' } });
    expect(facts.repository).toBe('https://github.com/acme/library.git');
    expect(facts.warnings).toBeUndefined();
  });

  test('warns if the CI system reports a commit of neither', async () => {
    const facts = await build('vendor/library/image', ACTIONS('b'.repeat(40)));
    expect(facts).toMatchObject({
      commit: inner,
      warnings: [expect.stringContaining('b'.repeat(40))],
    });
  });
});
