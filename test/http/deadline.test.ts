import { type RunningRegistry, startRegistry } from '../../dev/registry';
import type { Descriptor } from '../../src/oci';
import {
  LATEST,
  refusalOf,
  repositoryOf,
  storeImage,
  testClient,
} from '../oci/support/registry-fixture';

let registry: RunningRegistry;
let image: Descriptor;

beforeEach(async () => {
  registry = await startRegistry();
  image = storeImage(registry);
});
afterEach(() => registry.close());
const repository = () => repositoryOf(registry);
const WHOLE = /within the [\d.]+ s that the whole of it may take/;

const later = (milliseconds: number): Promise<undefined> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds, undefined).unref());

/** A clock that advances by a minute with each read. */
function fastClock() {
  let now = 0;
  return {
    now: () => (now += 60_000),
    sleep: async () => undefined,
    random: () => 0,
  };
}

it('a task ends when all of its requests together take too long, and no other task with it', async () => {
  const { client } = testClient({ clock: fastClock() });
  const task = client.task();
  const asking = async () => {
    for (;;) await task.getManifest(repository(), LATEST);
  };
  const error = await refusalOf(asking());
  expect(error.code).toBe('REGISTRY_UNAVAILABLE');
  expect(error.message).toMatch(WHOLE);
  expect(registry.requests.length).toBeGreaterThan(1);
  expect((await refusalOf(task.referrers(repository(), image.digest))).message).toMatch(WHOLE);
  expect(await client.task().getManifest(repository(), LATEST)).toBeDefined();
  expect(await client.getManifest(repository(), LATEST)).toBeDefined();
  await task.close();
});

it('a task within a task shares its deadline', () => {
  const { client } = testClient();
  const task = client.task();
  expect(task.task()).toBe(task);
  expect(task.traits(repository())).toBe(client.traits(repository()));
});

it('an answer is not waited for longer than the task has left', async () => {
  const { client } = testClient({ budget: { task: 300 } });
  registry.settings.faults = () => later(2_000);
  const error = await refusalOf(client.task().getManifest(repository(), LATEST));
  expect(error.message).toMatch(WHOLE);
  await client.close();
});

it('a request is not retried after the deadline', async () => {
  const { client, waits } = testClient({ budget: { task: 10_000 } });
  registry.settings.faults = () => ({ status: 429, headers: { 'retry-after': '30' } });
  const error = await refusalOf(client.task().getManifest(repository(), LATEST));
  expect(error.message).toMatch(WHOLE);
  expect(waits).toEqual([]);
  await client.close();
});

it('a token service that does not answer is waited for no longer either', async () => {
  registry.settings.auth = { kind: 'bearer', users: {}, anonymousPull: true };
  registry.settings.faults = ({ path }) => (path === '/token' ? later(2_000) : undefined);
  const { client } = testClient({ budget: { task: 300 } });
  const error = await refusalOf(client.task().getManifest(repository(), LATEST));
  expect(error.message).toMatch(WHOLE);
  await client.close();
});
