import { parseManifest, parseReference, parseTag } from '../../../../src/oci';
import { FakeTools } from '../../../build/fake-tools';
import { storeImage } from '../../../oci/support/registry-fixture';
import { openWorkbench, plain, type Workbench } from '../support/workbench';

/** A docker daemon pushes under a tag of one build; the registry has the image already. */

let bench: Workbench;
let tools: FakeTools;
beforeEach(async () => {
  tools = new FakeTools();
  bench = await openWorkbench({}, { PATH: `${tools.env['PATH']}:${process.env['PATH']}` });
});
afterEach(async () => {
  await bench.close();
  tools.remove();
});

/** Simulates the classic docker builder, which builds and pushes the stored image. */
function addDocker(): string {
  const { digest, mediaType } = storeImage(bench.registry);
  const stored = bench.registry.store.getManifest('team/app', digest);
  const manifest = parseManifest(stored?.bytes ?? Buffer.alloc(0), mediaType);
  const config = manifest.kind === 'image' ? manifest.config.digest : '';
  tools.add(
    'docker',
    `if (argv[0] === 'version') console.log('20.10.24');
     if (argv[0] === 'image' && argv[1] === 'inspect')
       console.log('[{"Os":"linux","Architecture":"amd64","Config":{},"RepoDigests":["x@${digest}"]}]');
     if (flag('--iidfile')) write(flag('--iidfile'), '${config}');
     if (argv[0] === 'push') console.log('v1: digest: ${digest} size: 528');`,
  );
  return digest;
}

const declared = (build: object = {}): object => ({
  image: `${bench.registry.host}/team/app:v1`,
  build: { context: 'app', builder: 'docker', ...build },
});

async function tagged(): Promise<string | undefined> {
  const { repository } = parseReference(`${bench.registry.host}/team/app`);
  const client = bench.environment.registryClient(repository, {});
  return (await client.resolve(repository, parseTag('v1')))?.digest;
}

test('the declared tag is set after the check, and both tags are recorded for a deletion', async () => {
  const digest = addDocker();
  const { outputs } = await bench.create('ImageBuild', declared());
  expect(await tagged()).toBe(digest);
  expect(plain(outputs, 'pushed')).toEqual([
    { digest, tag: expect.stringMatching(/^build-\w+-[0-9a-f]{8}$/) as unknown },
    { digest, tag: 'v1' },
  ]);
  expect(plain(outputs, 'summary')).toMatchObject({ tag: 'v1', usedBuilder: 'docker' });
  const pushes = tools.callsOf('push').map(({ argv }) => argv[1]);
  expect(pushes).toEqual([expect.stringMatching(/\/team\/app:build-/)]);
});

test('the declared tag does not refer to an image that fails the check', async () => {
  addDocker();
  const labelled = declared({ labels: { team: 'a' } });
  await expect(bench.create('ImageBuild', labelled)).rejects.toMatchObject({
    code: 'BUILD_RESULT_MISMATCH',
    property: 'build.labels',
  });
  expect(await tagged()).toBeUndefined();
});
