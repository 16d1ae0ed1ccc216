import { auditCluster, type AuditReport, type OutagePatience } from '../../src/audit';
import { createRegistryClient, pinned } from '../../src/oci';
import { testHost } from '../sign/support/host';
import { type KeyPair, type Lab, newKey, openLab, pushImage } from '../verify/support/lab';
import { type PushedImage, sign } from './support/audit-lab';
import { type FailingProxy, startFailingProxy } from './support/failing-proxy';

const IMAGES = 12;

let lab: Lab;
let proxy: FailingProxy;
let ours: KeyPair;
let images: readonly PushedImage[];

beforeAll(async () => {
  lab = await openLab();
  proxy = await startFailingProxy(lab.registry.host);
  ours = newKey(lab);
  images = await Promise.all(
    Array.from({ length: IMAGES }, async (_, index) => {
      const repository = { registry: proxy.host, path: `team/outage-${index}` };
      const manifest = await pushImage(lab, repository);
      const image = { repository, manifest, ref: pinned(repository, manifest.digest) };
      await sign({ lab } as Parameters<typeof sign>[0], [image], ours, { provenance: false });
      return image;
    }),
  );
});
afterAll(async () => {
  await proxy.close();
  await lab.close();
});
beforeEach(() => {
  proxy.forwarded.length = 0;
  proxy.failed.length = 0;
  proxy.fails = () => false;
});

/** Audits all images without retries of the client: what fails is left to the audit. */
async function audit(outage: OutagePatience): Promise<AuditReport> {
  const budget = { unavailable: 0, dropped: 0, throttled: 0 };
  const client = createRegistryClient({ dockerConfig: 'none', budget });
  const containers = images.map(({ ref }, index) => ({
    namespace: 'shop',
    pod: `pod-${index}`,
    container: 'app',
    kind: 'container' as const,
    image: ref,
    imageId: ref,
    waits: false,
  }));
  try {
    return await auditCluster(
      { policy: { keys: [ours.publicKey.pem] } },
      {
        host: testHost(),
        client,
        outage,
        source: { server: 'https://cluster.example.test', containers: async () => containers },
      },
    );
  } finally {
    await client.close();
  }
}

const statuses = ({ images: found }: AuditReport): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...new Set(found.map(({ status }) => status))].map((status) => [
      status,
      found.filter((each) => each.status === status).length,
    ]),
  );

test('an audit resumes when the registry responds again, and reads nothing twice', async () => {
  let isDown = false;
  proxy.fails = () => (isDown ||= proxy.forwarded.length >= 10 && waits.length === 0);
  const waits: string[] = [];
  const report = await audit({
    pauseMs: 1,
    onWait: (message) => {
      waits.push(message);
      isDown = waits.length < 3;
    },
  });
  expect(statuses(report)).toEqual({ match: IMAGES });
  expect(waits).toHaveLength(3);
  expect(waits[0]).toMatch(/^registry 127\.0\.0\.1:\d+ does not respond: \d+ images wait/);
  // In each pass, a registry that does not respond gets few requests, not one for each image.
  expect(proxy.failed.length).toBeLessThan(3 * 8);
  expect(proxy.failed.length).toBeGreaterThan(0);
  const lists = proxy.forwarded.filter((line) => line.includes('/referrers/'));
  expect(new Set(lists).size).toBe(lists.length);
});

test('a registry that does not respond again is a failed check after some time', async () => {
  proxy.fails = () => proxy.forwarded.length >= 10;
  const report = await audit({ pauseMs: 5, patienceMs: 60 });
  const counts = statuses(report);
  expect(counts['check-failed']).toBeGreaterThan(0);
  expect((counts['match'] ?? 0) + (counts['check-failed'] ?? 0)).toBe(IMAGES);
  for (const image of report.images.filter(({ status }) => status === 'check-failed')) {
    expect(image.reason).toContain('503');
  }
});

test('a registry that has never responded is not waited for', async () => {
  proxy.fails = () => true;
  const waits: string[] = [];
  const report = await audit({ onWait: (message) => void waits.push(message) });
  expect(statuses(report)).toEqual({ 'check-failed': IMAGES });
  expect(waits).toEqual([]);
});

test('one image that always fails does not delay the others', async () => {
  const [{ repository }] = images as [PushedImage];
  proxy.fails = (path) => path.includes(`/${repository.path}/`);
  const report = await audit({ pauseMs: 5, patienceMs: 60 });
  expect(statuses(report)).toEqual({ match: IMAGES - 1, 'check-failed': 1 });
});
