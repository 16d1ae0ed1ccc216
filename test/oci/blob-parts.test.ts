import { randomBytes } from 'node:crypto';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { createRegistryClient, digestOf, parseReference } from '../../src/oci';

let registry: RunningRegistry;

beforeAll(async () => {
  registry = await startRegistry();
});
afterAll(() => registry.close());

describe('a blob in parts', () => {
  it.each([0, 1000, 16 * 1024 * 1024, 33 * 1024 * 1024 + 7])('of %d bytes', async (size) => {
    const bytes = randomBytes(size);
    registry.store.putBlob('app', bytes);
    const client = createRegistryClient({ dockerConfig: 'none' });
    const { repository } = parseReference(`${registry.host}/app`);
    const descriptor = { mediaType: 'application/octet-stream', digest: digestOf(bytes), size };
    const parts: Buffer[] = [];
    const write = async (part: Buffer): Promise<void> => void parts.push(part);
    try {
      expect(await client.getBlobParts(repository, descriptor, write)).toBe(true);
      expect(Buffer.concat(parts).equals(bytes)).toBe(true);
      expect(Math.max(...parts.map(({ length }) => length))).toBeLessThanOrEqual(16 * 1024 * 1024);
      const missing = { ...descriptor, digest: digestOf(Buffer.from('missing')) };
      expect(await client.getBlobParts(repository, missing, write)).toBe(false);
    } finally {
      await client.close();
    }
  });
});
