import { COMMAND_BUILDERS, createBuilder, selectBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context } from './requests';

let tools: FakeTools;
let context: Context;
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
});
afterEach(() => {
  tools.remove();
  context.remove();
});

test('each name selects its builder', () => {
  for (const name of COMMAND_BUILDERS) expect(createBuilder(name, { env: {} }).name).toBe(name);
});

test('auto takes the first that works', async () => {
  tools.add('docker', `console.error('Cannot connect to the Docker daemon'); return 1;`);
  tools.add('buildah', '');
  const request = context.request('r.example/app');
  expect((await selectBuilder('auto', request, tools)).name).toBe('buildah');
  tools.add('podman', '');
  expect((await selectBuilder('auto', request, tools)).name).toBe('podman');
  tools.add('docker', `return argv[0] === 'buildx' ? 1 : 0;`);
  expect((await selectBuilder('auto', request, tools)).name).toBe('docker');
  tools.add('docker', `if (argv[1] === 'inspect') console.log('Driver: docker');`);
  expect((await selectBuilder('auto', request, tools)).name).toBe('buildx');
});

test('auto skips a builder that does not support the request', async () => {
  tools.add('docker', `return argv[0] === 'buildx' ? 1 : 0;`);
  tools.add('buildah', '');
  const request = context.request('r.example/app', { secrets: { a: 'secret' } });
  expect((await selectBuilder('auto', request, tools)).name).toBe('buildah');
});

test('auto goes on from the docker driver without the containerd store for a cache destination', async () => {
  const docker = (store: string) =>
    `if (argv[1] === 'inspect') console.log('Driver: docker'); if (argv[0] === 'info') console.log('${store}');`;
  tools.add('docker', docker('overlay2'));
  tools.add('podman', '');
  const selected = async (cacheTo: readonly string[]) =>
    (await selectBuilder('auto', context.request('r.example/app', { cacheTo }), tools)).name;
  expect(await selected(['type=registry,ref=r.example/cache'])).toBe('podman');
  expect(await selected(['r.example/cache'])).toBe('podman');
  expect(await selected(['type=inline'])).toBe('buildx');
  await expect(selected(['type=gha'])).rejects.toThrow(
    /`build.cacheTo`: buildx with the driver docker does not support another cache destination.*supported by buildx with the driver docker and the containerd image store, buildx with another driver/,
  );
  tools.add('docker', docker('io.containerd.snapshotter.v1'));
  expect(await selected(['r.example/cache'])).toBe('buildx');
});

test('if no builder works, the error lists each builder, the reason, and what to do', async () => {
  tools.add('docker', `console.error('Cannot connect to the Docker daemon'); return 1;`);
  tools.add('podman', `console.error('Error: no subuid ranges'); return 1;`);
  await expect(
    selectBuilder('auto', context.request('r.example/app'), tools),
  ).rejects.toMatchObject({
    code: 'BUILDER_UNAVAILABLE',
    property: 'build.builder',
    message: expect.stringMatching(
      /buildx: .*buildx plugin of docker is not installed.*docker: Cannot connect.*podman: Error: no subuid.*buildah: .*not installed.*apt-get install buildah crun/,
    ),
  });
});

test('a named builder is the only one that is tried', async () => {
  tools.add('buildah', '');
  const asked = selectBuilder('podman', context.request('r.example/app'), tools);
  await expect(asked).rejects.toThrow(
    /^the builder podman is not available: podman is not installed .*\. Install or start it, or set `build.builder`/,
  );
  const named = context.request('r.example/app', { buildxBuilder: 'remote' });
  await expect(selectBuilder('auto', named, tools)).rejects.toThrow(/tried buildx: [^;]*\. Start/);
});

test('a reason that ends as a question is followed by one mark only', async () => {
  tools.add('docker', `console.error('No daemon. Is the docker daemon running?'); return 1;`);
  const asked = selectBuilder('docker', context.request('r.example/app'), tools);
  await expect(asked).rejects.toThrow(/Is the docker daemon running\? Install or start it/);
});

test('a real docker client without a daemon, or a missing one, is reported', async () => {
  const env = { ...process.env, DOCKER_HOST: `unix://${tools.folder}/no.sock`, DOCKER_CONTEXT: '' };
  const why = await createBuilder('docker', { env }).unavailable(context.request('r.example/app'));
  expect(why).toMatch(/docker daemon|not installed/i);
});
