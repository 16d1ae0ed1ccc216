import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { buildahBuilder, podmanBuilder } from '../../../src/build';
import { createRegistryClient } from '../../../src/oci';
import { Context } from '../../build/requests';
import { recordOracle } from '../support/tally';
import { type DockerRegistry, startDockerRegistry } from './docker-registry';
import { accessOf, CASES, environment, loginFolder, logIn } from './logins';

let basic: DockerRegistry;
let folder: string;
let compared = 0;
let differences = 0;

beforeAll(async () => {
  basic = await startDockerRegistry();
});
afterAll(async () => {
  recordOracle('pushes with a login', compared, differences);
  await basic.close();
});

beforeEach(async () => {
  folder = await loginFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Some logins of each kind, and every builder that can be started without a daemon. */
describe.each([
  ['podman', podmanBuilder],
  ['buildah', buildahBuilder],
] as const)('%s pushes with', (_, create) => {
  const chosen = CASES.filter(
    ({ place, way, tool }) =>
      (place.name === '$XDG_RUNTIME_DIR' && tool === 'podman') ||
      (place.name === '~/.docker' && tool === 'docker' && way.name !== 'in the file'),
  );
  test.each(chosen)('$title', async (one) => {
    await logIn(one, folder, basic.host);
    const storage = join(folder, 'storage.conf');
    await writeFile(
      storage,
      `[storage]\ndriver = "vfs"\nrunroot = "${folder}/runroot"\ngraphroot = "${folder}/graph"\n`,
    );
    const context = new Context();
    context.write('Dockerfile', 'FROM scratch\nCOPY Dockerfile /\n');
    compared += 1;
    differences += 1;
    const env = { ...environment(one, folder), CONTAINERS_STORAGE_CONF: storage };
    const request = context.request(`${basic.host}/team/app:${Date.now()}`);
    const { digest } = await create({ env }).build(request, () => undefined);
    const client = createRegistryClient({ dockerConfig: accessOf(one, folder) });
    expect(await client.getManifest(request.reference.repository, digest)).toBeDefined();
    await client.close();
    context.remove();
    differences -= 1;
  });
});
