import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StateFile } from '../../../dev/engine/state/file';
import { lockState } from '../../../dev/engine/state/lock';
import type { ResourceRecord } from '../../../dev/engine/state/record';
import { Snapshot } from '../../../dev/engine/state/snapshot';
import { secret } from '../../../dev/engine/wire/signature';

const NAME = { project: 'demo', stack: 'dev' };
const HUSH = 'canary-correct-horse-battery-staple';

let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'state-'));
  path = join(dir, 'deep', 'dev.json');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const record = (name: string, inputs: ResourceRecord['inputs'] = {}): ResourceRecord => ({
  urn: `urn:pulumi:dev::demo::mem:index:Thing::${name}`,
  type: 'mem:index:Thing',
  custom: true,
  id: name,
  inputs,
  outputs: inputs,
  dependencies: [],
  propertyDependencies: {},
});

const open = (passphrase = 'pp') => StateFile.open(path, NAME, passphrase);
const text = () => readFileSync(path, 'utf8');

test('secrets are sealed on disk and come back', async () => {
  const records = [record('a', { list: [{ password: secret(HUSH) }], plain: 'seen' })];
  await (await open()).save(() => records);
  expect(text()).not.toContain(HUSH);
  expect(text()).toContain('seen');
  expect(statSync(path).mode & 0o077).toBe(0);
  expect((await open()).initial).toEqual(records);
});

test('an unchanged secret keeps its ciphertext; equal secrets of two resources have different ciphertexts', async () => {
  await (await open()).save(() => [record('a', { p: secret(HUSH) })]);
  const sealed = () => [...text().matchAll(/"ciphertext":"([^"]+)"/g)].map((match) => match[1]);
  const [first] = sealed();
  const again = await open();
  await again.save(() => [record('a', { p: secret(HUSH) }), record('b', { p: secret(HUSH) })]);
  // Inputs and outputs of a are the same secret, so are those of b.
  const [input, output, other] = sealed();
  expect([input, output]).toEqual([first, first]);
  expect(other).not.toBe(first);
});

test('another passphrase is refused, and so is a file that is not a state', async () => {
  await (await open()).save(() => []);
  await expect(open('other')).rejects.toThrow('incorrect passphrase');
  writeFileSync(path, '{"version":3,"deployment":{}}');
  await expect(open()).rejects.toThrow('not a state file');
});

test('saves that come while one is written share the next one, which holds the latest', async () => {
  const file = await open();
  let records: readonly ResourceRecord[] = [];
  const saves = ['a', 'b', 'c', 'd'].map((name) => {
    records = [...records, record(name)];
    return file.save(() => records);
  });
  await Promise.all(saves);
  expect((await open()).initial.map((one) => one.id)).toEqual(['a', 'b', 'c', 'd']);
  expect(readdirSync(join(dir, 'deep'))).toEqual(['dev.json']);
});

test('a state that cannot be written is an error, and the next save tries again', async () => {
  writeFileSync(join(dir, 'deep'), 'a file where the folder should be');
  const file = await StateFile.open(join(dir, 'other.json'), NAME, 'pp');
  const blocked = await StateFile.open(join(dir, 'x.json'), NAME, 'pp');
  Object.assign(blocked, { path: join(dir, 'deep', 'x.json') });
  await expect(blocked.save(() => [])).rejects.toThrow();
  rmSync(join(dir, 'deep'));
  await blocked.save(() => []);
  await file.save(() => []);
  expect(readdirSync(dir).sort()).toEqual(['deep', 'other.json']);
});

test('a second engine is kept off the state, a dead one is not waited for', async () => {
  const unlock = await lockState(path);
  await expect(lockState(path)).rejects.toThrow('locked by another update');
  await unlock();
  // No process has this id: it is above the highest that Linux gives.
  writeFileSync(`${path}.lock`, '99999999');
  await (
    await lockState(path)
  )();
});

test('an adopted record takes every reference with it', () => {
  const old = record('old');
  const user: ResourceRecord = {
    ...record('user'),
    parent: old.urn,
    dependencies: [old.urn],
    propertyDependencies: { text: [old.urn] },
    provider: `${old.urn}::id`,
    deletedWith: old.urn,
  };
  const snapshot = new Snapshot([old, user]);
  const urn = old.urn.replace('old', 'new');
  snapshot.put(snapshot.adopt(old, urn));
  snapshot.put(user);
  expect(snapshot.records()).toEqual([
    { ...old, urn },
    {
      ...user,
      parent: urn,
      dependencies: [urn],
      propertyDependencies: { text: [urn] },
      provider: `${urn}::id`,
      deletedWith: urn,
    },
  ]);
});
