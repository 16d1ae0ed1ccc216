import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { LATEST, refusalOf, repositoryOf, testClient } from './support/registry-fixture';

const PASSWORD = "canary-it's a p@ssword";

let registry: RunningRegistry;
beforeEach(async () => {
  registry = await startRegistry();
  registry.settings.auth = { kind: 'basic', users: { w: PASSWORD } };
});
afterEach(() => registry.close());

test.each([
  ['as it is', PASSWORD],
  ['in hexadecimal', Buffer.from(PASSWORD).toString('hex')],
  ['in base64', Buffer.from(PASSWORD).toString('base64')],
  ['as a part of base64', Buffer.from(`x${PASSWORD}`).toString('base64url')],
  ['in a URL', encodeURIComponent(PASSWORD)],
])('a registry that shows a password %s has it not repeated in an error', async (_, shape) => {
  registry.settings.faults = ({ headers }) =>
    headers.authorization === undefined
      ? undefined
      : {
          status: 403,
          body: JSON.stringify({ errors: [{ code: 'DENIED', message: `said: ${shape}.` }] }),
        };
  const { client } = testClient({
    registry: { host: registry.host, username: 'w', password: PASSWORD },
  });
  const error = await refusalOf(client.getManifest(repositoryOf(registry), LATEST));
  await client.close();
  expect(error.message).toContain('said: ');
  expect(error.message.includes(shape.slice(4, -4))).toBe(false);
});
