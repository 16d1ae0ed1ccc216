import { ContentMemory, digestOf, parseReference } from '../../src/oci';

const { repository } = parseReference('registry.example.test/team/app');
const { repository: other } = parseReference('registry.example.test/team/apple');

function setUp(capacity?: number) {
  let now = 0;
  let reads = 0;
  const memory = new ContentMemory({
    ...(capacity !== undefined && { capacity }),
    maxAge: 1000,
    now: () => now,
  });
  const read = (bytes: Buffer, place = repository) =>
    memory.blob(place, digestOf(bytes), async () => {
      reads += 1;
      return bytes;
    });
  return { memory, read, reads: () => reads, pass: (ms: number) => void (now += ms) };
}

const one = Buffer.from('one');

test('what was read is not read again, in the same repository', async () => {
  const { read, reads } = setUp();
  expect(await read(one)).toEqual(one);
  expect(await read(one)).toEqual(one);
  expect(reads()).toBe(1);
  await read(one, other);
  expect(reads()).toBe(2);
});

test('concurrent readers share one response, and one failure', async () => {
  const { read, reads, memory } = setUp();
  await Promise.all([read(one), read(one)]);
  expect(reads()).toBe(1);
  const digest = digestOf(Buffer.from('two'));
  const fails = async () => {
    throw new Error('no answer');
  };
  const both = [memory.blob(repository, digest, fails), memory.blob(repository, digest, fails)];
  expect((await Promise.allSettled(both)).map(({ status }) => status)).toEqual([
    'rejected',
    'rejected',
  ]);
  expect(await memory.blob(repository, digest, async () => one)).toEqual(one);
});

test('"not found" is not cached', async () => {
  const { memory } = setUp();
  const digest = digestOf(one);
  expect(await memory.blob(repository, digest, async () => undefined)).toBeUndefined();
  expect(await memory.blob(repository, digest, async () => one)).toEqual(one);
});

test('entries expire, and are evicted when the registry reports a different state', async () => {
  const { memory, read, reads, pass } = setUp();
  await read(one);
  await read(one, other);
  pass(999);
  await read(one);
  expect(reads()).toBe(2);
  memory.forget(repository);
  await read(one);
  expect(reads()).toBe(3);
  await read(one, other);
  expect(reads()).toBe(3);
  pass(1000);
  await read(one, other);
  expect(reads()).toBe(4);
});

test('it keeps what was used last, up to its capacity, and nothing that is large', async () => {
  const { read, reads } = setUp(3000);
  const blobs = ['a', 'b', 'c'].map((letter) => Buffer.alloc(1000, letter));
  const [a = one, b = one, c = one] = blobs;
  await read(a);
  await read(b);
  await read(a);
  await read(c);
  expect(reads()).toBe(3);
  await read(a);
  expect(reads()).toBe(3);
  await read(b);
  expect(reads()).toBe(4);
  const large = Buffer.alloc(2 * 1024 * 1024);
  const { read: readLarge, reads: readsOfLarge } = setUp();
  await readLarge(large);
  await readLarge(large);
  expect(readsOfLarge()).toBe(2);
});

test('an upload is cached by its name, and does not prove that it can be read', async () => {
  const { memory, read, reads } = setUp();
  const digest = digestOf(one);
  expect(memory.hasUploaded(repository, digest)).toBe(false);
  memory.noteUpload(repository, digest);
  expect(memory.hasUploaded(repository, digest)).toBe(true);
  expect(memory.hasUploaded(other, digest)).toBe(false);
  await read(one);
  expect(reads()).toBe(1);
});
