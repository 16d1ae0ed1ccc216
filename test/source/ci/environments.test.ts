import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { annotationsOf, detectSource } from '../../../src/source';
import { CI_SYSTEMS } from '../../../src/source/ci/registry';
import { WorkTree } from '../work-tree';
import { CASES, environmentIn, recorded, recordedSystems } from './recorded';

const RECORDED_COMMIT = 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3';
/** A folder that is in no repository. */
const outside = mkdtempSync(join(realpathSync(tmpdir()), 'signed-image-environments-'));
afterAll(() => rmSync(outside, { recursive: true }));

const CEILING = { GIT_CEILING_DIRECTORIES: tmpdir() };

test('every CI system has recorded environments and documentation', () => {
  expect(CI_SYSTEMS.map(({ name }) => name as string).sort()).toEqual(recordedSystems());
  for (const { documentation } of CI_SYSTEMS)
    expect(new URL(documentation).protocol).toBe('https:');
});

describe.each(CASES)('%s, %s', (system, event) => {
  const environment = recorded(system, event);
  const variables = environmentIn(join(outside, system, event), environment);

  test('returns the expected facts', async () => {
    const facts = await detectSource({ cwd: outside, env: { ...CEILING, ...variables } });
    expect({ ...facts, warnings: undefined }).toEqual({
      ...environment.facts,
      warnings: undefined,
    });
  });

  test('is recognized by one detector only, or by that of a system that it imitates', () => {
    const found = CI_SYSTEMS.filter(({ detect }) => detect(variables, { remotes: [] }));
    const imitated = { 'gitea-actions': 1, 'forgejo-actions': 2 }[system as string] ?? 0;
    expect(found[0]?.name).toBe(system);
    expect(found).toHaveLength(1 + imitated);
  });
});

describe('in a checkout of the commit on a branch `main`', () => {
  let tree: WorkTree;
  let commit: string;
  beforeAll(() => {
    tree = new WorkTree();
    commit = tree.committed();
    tree.git('remote', 'add', 'origin', 'https://git.example.com/acme/app');
  });
  afterAll(() => tree.remove());

  test.each(CI_SYSTEMS)(
    'the branch of a fork is not recorded as one of this repository: $name',
    async ({ name }) => {
      const environment = recorded(name, 'fork');
      const text = JSON.stringify(environment).replaceAll(RECORDED_COMMIT, commit);
      const variables = environmentIn(
        join(outside, name, 'checkout'),
        JSON.parse(text) as typeof environment,
      );
      const facts = await detectSource({ cwd: tree.folder, env: { ...tree.env, ...variables } });
      expect(facts).toMatchObject({ commit, dirty: false });
      expect(facts).not.toHaveProperty('branch');
      expect(annotationsOf(facts)).not.toHaveProperty('branch');
      expect(facts.repository).not.toContain('evil');
    },
  );
});
