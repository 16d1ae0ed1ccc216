import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { run, schemaFaults } from './support';

let registry: RunningRegistry;
let image: string;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const env = {
  KEY: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  PUBLIC: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};

beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/app@${storeImage(registry, 'app')}`;
});
afterAll(() => registry.close());

const json = async (...args: readonly string[]): Promise<string> =>
  (await run([...args, '-o', 'json'], { env })).stdout;

describe('the documented output', () => {
  it('is that of sign, verify and tree', async () => {
    expect(schemaFaults('sign', await json('sign', image, '--key', 'env://KEY'))).toEqual([]);
    const verified = await json('verify', image, '--key', 'env://PUBLIC');
    expect(JSON.parse(verified)).toMatchObject({ verified: true });
    expect(schemaFaults('verify', verified)).toEqual([]);
    expect(schemaFaults('tree', await json('tree', image))).toEqual([]);
  });

  it('is that of an image that is not verified', async () => {
    const args = ['--key', 'env://PUBLIC', '--annotation', 'a=b'];
    const refused = await json('verify', image, ...args);
    expect(JSON.parse(refused)).toMatchObject({ verified: false });
    expect(schemaFaults('verify', refused)).toEqual([]);
  });

  it('has required members', () => {
    expect(schemaFaults('verify', '{"verified": true}')).toContain(
      " must have required property 'reference'",
    );
  });
});
