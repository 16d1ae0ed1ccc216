import { storeImage } from '../../../dev/load/image';
import { Secret } from '../../../src/pulumi/plugin/protocol/wire-value';
import { openWorkbench, PASSWORD, type Workbench } from './support/workbench';

let bench: Workbench;
beforeAll(async () => {
  bench = await openWorkbench({ settings: { referrersApi: false } });
});
afterAll(() => bench.close());

const sign = (digest: string, annotations: object) =>
  bench.create('ImageSignature', {
    image: `${bench.registry.host}/team/app@${digest}`,
    key: { ref: 'cosign.key', password: new Secret(PASSWORD) },
    source: { allowDirty: true },
    annotations,
  });
const logged = () => bench.said.filter((line) => line.startsWith('registry: '));

test('missing features of a registry are logged once, even if the next signature fails because of them', async () => {
  const digest = storeImage(bench.registry, 'team/app');
  await sign(digest, { run: 'first' });
  const line = `registry: ${bench.registry.host}/team/app does not support the referrers API: signatures are listed in tags (sha256-...)`;
  expect(logged()).toEqual([line]);
  bench.registry.settings.immutableTags = true;
  await expect(sign(digest, { run: 'second' })).rejects.toMatchObject({
    cause: {
      message: expect.stringMatching(/tags are immutable.*Alternatively use format "legacy"/),
    },
  });
  expect(logged()).toEqual([line, expect.stringContaining('has immutable tags')]);
});
