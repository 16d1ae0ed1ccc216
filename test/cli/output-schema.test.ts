import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { type CommandRun, run, schemaFaults } from './support';

let registry: RunningRegistry;
let image: string;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherPublic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const VERIFY_SCHEMA = resolve(__dirname, '../../docs/reference/output/verify.schema.json');
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

  it('is that of requirements, met and not met', async () => {
    const policy = (count: number): string =>
      JSON.stringify({
        require: [{ name: 'release', keys: ['env://PUBLIC', 'env://OTHER'], count }],
      });
    const verify = async (count: number): Promise<CommandRun> =>
      run(['verify', image, '--policy', '-', '-o', 'json'], {
        env: { ...env, OTHER: otherPublic },
        piped: policy(count),
      });
    const [met, unmet] = [await verify(1), await verify(2)];
    expect([met.code, unmet.code]).toEqual([0, 1]);
    for (const { stdout } of [met, unmet]) {
      expect(JSON.parse(stdout)).toMatchObject({ requirements: [{ name: 'release' }] });
      expect(schemaFaults('verify', stdout)).toEqual([]);
    }
    const schema = JSON.parse(readFileSync(VERIFY_SCHEMA, 'utf8')) as { properties: object };
    expect(Object.keys(schema.properties)).toEqual(
      expect.arrayContaining(Object.keys(JSON.parse(met.stdout) as object)),
    );
  });

  it('refuses a type or an export for requirements without own signers', async () => {
    const piped = JSON.stringify({ require: [{ name: 'release', keys: ['env://PUBLIC'] }] });
    const typed = await run(['verify', image, '--policy', '-', '--type', 'openvex'], {
      env,
      piped,
    });
    expect(typed).toMatchObject({ code: 2, stdout: '' });
    expect(typed.stderr).toContain('predicateType: has no effect without `keys`');
    const folder = join(tmpdir(), `requirements-only-${process.pid}`);
    const exported = await run(['export', image, '--policy', '-', '--folder', folder], {
      env,
      piped,
    });
    expect(exported).toMatchObject({ code: 2, stdout: '' });
    expect(exported.stderr).toContain('require: cannot be combined with an export');
    expect(existsSync(folder)).toBe(false);
    const offline = ['verify', '--offline', folder, '--policy', '-'];
    const verified = await run(offline, { env, piped });
    expect(verified).toMatchObject({ code: 2, stdout: '' });
    expect(verified.stderr).toContain('require: cannot be combined with an export');
  });

  it('is none for a policy that requires nothing', async () => {
    const [folder, other] = ['with', 'without'].map((name) =>
      join(tmpdir(), `${name}-policy-${process.pid}`),
    ) as [string, string];
    const exported = await run(['export', image, '--key', 'env://PUBLIC', '--folder', folder], {
      env,
    });
    expect(exported).toMatchObject({ code: 0 });
    for (const args of [
      ['verify', image],
      ['export', image, '--folder', other],
      ['verify', '--offline', folder],
    ]) {
      const refused = await run([...args, '--policy', '-'], { env, piped: '{}' });
      expect(refused).toMatchObject({ code: 2, stdout: '' });
      expect(refused.stderr).toContain('no signer is trusted');
    }
    expect(existsSync(other)).toBe(false);
    rmSync(folder, { recursive: true });
  });

  it('has required members', () => {
    expect(schemaFaults('verify', '{"verified": true}')).toContain(
      " must have required property 'reference'",
    );
  });
});
