import { readFile, rm } from 'node:fs/promises';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { createRegistryClient, OCI_CONFIG, parseReference } from '../../../src/oci';
import { recordOracle, SAMPLE } from '../support/tally';
import { type DockerRegistry, PASSWORD, startDockerRegistry, USER } from './docker-registry';
import { accessOf, CASES, loginFolder, logIn } from './logins';

let basic: DockerRegistry;
let bearer: RunningRegistry;
let folder: string;
let compared = 0;
let differences = 0;

beforeAll(async () => {
  basic = await startDockerRegistry();
  bearer = await startRegistry({
    settings: {
      auth: {
        kind: 'bearer',
        users: { [USER]: PASSWORD },
        placeholderScope: 'repository:u/i:pull',
      },
    },
  });
});
afterAll(async () => {
  recordOracle('registry logins', compared, differences);
  await Promise.all([basic.close(), bearer.close()]);
});

beforeEach(async () => {
  folder = await loginFolder();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Every login at a registry with Basic authentication; a sample takes some for tokens. */
describe.each([
  ['Basic', CASES],
  ['Bearer', CASES.filter((_, at) => !SAMPLE || at % 5 === 0)],
] as const)('%s', (kind, cases) => {
  test.each(cases)('$title', async (one) => {
    const host = kind === 'Basic' ? basic.host : bearer.host;
    await logIn(one, folder, host);
    compared += 1;
    differences += 1;
    const client = createRegistryClient({ dockerConfig: accessOf(one, folder) });
    try {
      const { repository } = parseReference(`${host}/team/app`);
      await client.checkAccess(repository, 'push');
      const bytes = Buffer.from(one.title);
      const blob = await client.putBlob(repository, bytes, OCI_CONFIG);
      expect(await client.getBlob(repository, blob)).toEqual(bytes);
    } finally {
      await client.close();
    }
    // The secret is where the tool put it, and was found there.
    const text = await readFile(one.place.file(folder), 'utf8');
    expect(text.includes('"auth"')).toBe(one.way.before === undefined);
    differences -= 1;
  });
});
