import { deleteLeftovers } from '../../../dev/engine/deploy/deletions';
import { registerResource } from '../../../dev/engine/deploy/registration';
import { refreshAll } from '../../../dev/engine/deploy/refresh';
import { PartialFailure } from '../../../dev/engine/provider/provider';
import type { ResourceRecord } from '../../../dev/engine/state/record';
import { isSecret, secret, UNKNOWN } from '../../../dev/engine/wire/signature';
import { goal, memoryRun, urn } from './memory';

/** The state that a first run with these goals leaves. */
const stateOf = async (...goals: readonly ReturnType<typeof goal>[]) => {
  const { run } = memoryRun();
  for (const one of goals) await registerResource(run, one);
  return run.snapshot.records();
};

const find = (records: readonly ResourceRecord[], name: string): ResourceRecord | undefined =>
  records.find((record) => record.urn === urn(name) && record.pendingDelete !== true);

test('a resource that is only re-ordered or given other dependencies is not touched', async () => {
  const records = await stateOf(goal('a'), goal('b'));
  const { run, calls } = memoryRun(records);
  await registerResource(run, goal('b'));
  await registerResource(run, goal('a', {}, { dependencies: [urn('b')] }));
  expect(calls).toEqual(['diff b', 'diff a']);
  expect(run.snapshot.records().map((record) => record.urn)).toEqual([urn('b'), urn('a')]);
  expect(find(run.snapshot.records(), 'a')?.dependencies).toEqual([urn('b')]);
  expect(find(run.snapshot.records(), 'b')).toBe(find(records, 'b'));
});

test('deletions go against the direction of dependencies, parents and properties', async () => {
  const records = await stateOf(
    goal('base'),
    goal('user', {}, { dependencies: [urn('base')] }),
    goal('child', {}, { parent: urn('user') }),
  );
  const { run, calls } = memoryRun(records);
  await deleteLeftovers(run);
  expect(calls).toEqual(['delete child', 'delete user', 'delete base']);
  expect(run.snapshot.records()).toEqual([]);
});

test('a state with a cycle can still be destroyed', async () => {
  const [a, b] = await stateOf(goal('a'), goal('b', {}, { dependencies: [urn('a')] }));
  const { run, calls } = memoryRun([
    { ...(a as ResourceRecord), dependencies: [urn('b')] },
    b as ResourceRecord,
  ]);
  await deleteLeftovers(run);
  expect([...calls].sort()).toEqual(['delete a', 'delete b']);
});

test('a protected resource stays with all it needs, the others go, and the run fails', async () => {
  const records = await stateOf(
    goal('base'),
    goal('kept', {}, { protect: true, dependencies: [urn('base')] }),
    goal('gone'),
  );
  const { run, calls, errors } = memoryRun(records);
  await deleteLeftovers(run);
  expect(calls).toEqual(['delete gone']);
  expect(errors()).toEqual([expect.stringContaining('protected')]);
  expect(run.failed).toBe(true);
  expect(run.snapshot.records().map((record) => record.urn)).toEqual([urn('base'), urn('kept')]);
});

test('a duplicate name is refused', async () => {
  const { run, calls, errors } = memoryRun();
  await registerResource(run, goal('a'));
  await expect(registerResource(run, goal('a'))).rejects.toThrow();
  expect(errors()).toEqual([expect.stringContaining(`Duplicate resource URN '${urn('a')}'`)]);
  expect(calls).toEqual(['create a']);
});

test('after a failure no step begins, and those under way are recorded', async () => {
  let release: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => (release = resolve));
  const { run, errors } = memoryRun([], {
    create: async ({ name }) => {
      if (name === 'bad') throw new Error('no room');
      await slow;
      return { id: name, outputs: {} };
    },
  });
  const first = registerResource(run, goal('slow'));
  await expect(registerResource(run, goal('bad'))).rejects.toThrow('stopped');
  await expect(registerResource(run, goal('late'))).rejects.toThrow('stopped');
  release();
  await first;
  expect(run.snapshot.records().map((record) => record.id)).toEqual(['slow']);
  expect(errors()).toEqual(['no room']);
});

test('at most the configured number of steps run at once', async () => {
  let inside = 0;
  let most = 0;
  const { run } = memoryRun([], {
    create: async ({ name }) => {
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      return { id: name, outputs: {} };
    },
  });
  const names = Array.from({ length: 40 }, (_, index) => `r${index}`);
  await Promise.all(names.map((name) => registerResource(run, goal(name))));
  expect(most).toBe(4);
  expect(run.snapshot.records()).toHaveLength(40);
});

test('a resource created in part is recorded with its reasons, and updated next time', async () => {
  const failing = memoryRun([], {
    create: async () => {
      throw new PartialFailure('id-1', { size: 1 }, ['not ready'], 'failed');
    },
  });
  await expect(registerResource(failing.run, goal('a', { size: 1 }))).rejects.toThrow();
  const records = failing.run.snapshot.records();
  expect(records[0]).toMatchObject({ id: 'id-1', initErrors: ['not ready'] });
  const { run, calls } = memoryRun(records);
  await registerResource(run, goal('a', { size: 1 }));
  expect(calls).toEqual(['diff a', 'update a']);
  expect(run.snapshot.records()[0]?.initErrors).toBeUndefined();
  expect(run.reporter.events.at(-1)?.reasons).toEqual(['initErrors']);
});

test('the old one of a replacement is kept until it is deleted, also over a failed run', async () => {
  const records = await stateOf(goal('a', { name: 'x' }));
  const failing = memoryRun(records, {
    delete: async () => {
      throw new Error('held');
    },
  });
  await registerResource(failing.run, goal('a', { name: 'y' }));
  await expect(deleteLeftovers(failing.run)).rejects.toThrow();
  const left = failing.run.snapshot.records();
  expect(left.map((record) => record.pendingDelete)).toEqual([undefined, true]);
  const { run, calls } = memoryRun(left);
  await registerResource(run, goal('a', { name: 'y' }));
  await deleteLeftovers(run);
  expect(calls).toEqual(['diff a', 'delete a']);
  expect(run.snapshot.records()).toHaveLength(1);
});

test('when the new one of a replacement cannot be made, the old one is still the resource', async () => {
  const records = await stateOf(goal('a', { name: 'x' }));
  const { run } = memoryRun(records, {
    create: async () => {
      throw new Error('no room');
    },
  });
  await expect(registerResource(run, goal('a', { name: 'y' }))).rejects.toThrow();
  expect(run.snapshot.records()).toEqual(records);
});

test('replaceOnChanges replaces where the engine itself compares the inputs', async () => {
  const records = await stateOf(goal('a', { size: 1 }));
  const undecided = {
    changes: 'unknown' as const,
    replaces: [],
    deleteBeforeReplace: false,
    reasons: [],
    detailed: false,
  };
  const { run, calls } = memoryRun(records, { diff: async () => undecided });
  await registerResource(run, goal('a', { size: 2 }, { replaceOnChanges: ['size'] }));
  expect(calls).toEqual(['create a']);
  expect(run.reporter.summary()).toEqual({ replace: 1 });
});

test('secret outputs are marked, and stay marked after a refresh', async () => {
  const marked = goal('a', { size: 1 }, { additionalSecretOutputs: ['token'] });
  const records = await stateOf(marked);
  expect(isSecret(records[0]?.outputs['token'])).toBe(true);
  const { run } = memoryRun(records, {
    read: async (_identity, id) => ({ id, outputs: { size: 1, token: 'seen' } }),
  });
  await refreshAll(run);
  expect(run.snapshot.records()[0]?.outputs['token']).toEqual(secret('seen'));
});

test('refresh removes missing resources and references to them', async () => {
  const records = await stateOf(
    goal('a'),
    goal('b', {}, { dependencies: [urn('a')], propertyDependencies: { text: [urn('a')] } }),
  );
  const { run } = memoryRun(records, {
    read: async ({ name }, id, outputs) => (name === 'a' ? { outputs: {} } : { id, outputs }),
  });
  await refreshAll(run);
  expect(run.snapshot.records()).toEqual([
    expect.objectContaining({
      urn: urn('b'),
      dependencies: [],
      propertyDependencies: { text: [] },
    }),
  ]);
});

test('preview calls nothing that changes the world, and unknowns pass through', async () => {
  const { run, calls } = memoryRun([], {}, true);
  const record = await registerResource(run, goal('a', { text: UNKNOWN }));
  expect(calls).toEqual([]);
  expect(record).toMatchObject({ id: '', outputs: { text: UNKNOWN } });
});

test('a resource of a package without a plugin is recorded with its inputs, and made once there is one', async () => {
  const deployment = goal('web', { image: 'i' }, { type: 'kubernetes:apps/v1:Deployment' });
  const first = memoryRun();
  const record = await registerResource(first.run, deployment);
  expect(record).toMatchObject({ recordedOnly: true, outputs: { image: 'i' } });
  expect(record.id).toMatch(/^web-[0-9a-f]{7}$/);

  const stored: ResourceRecord = { ...record, urn: urn('web'), type: 'mem:index:Thing' };
  const { run, calls } = memoryRun([stored]);
  await registerResource(run, goal('web', { image: 'i' }));
  expect(calls).toEqual(['create web']);
});

test('a resource is not removed while its plugin is not available', async () => {
  const [record] = await stateOf(goal('a'));
  const other: ResourceRecord = { ...(record as ResourceRecord), type: 'lost:index:Thing' };
  const { run, errors } = memoryRun([other]);
  await expect(deleteLeftovers(run)).rejects.toThrow();
  expect(errors()).toEqual([expect.stringContaining('package lost')]);
  expect(run.snapshot.records()).toEqual([other]);
});
