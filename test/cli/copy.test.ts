import { generateKeyPairSync } from 'node:crypto';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { run, schemaFaults } from './support';

let source: RunningRegistry;
let destination: RunningRegistry;
let image: string;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const otherPublic = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  .publicKey.export({ type: 'spki', format: 'pem' })
  .toString();
const env = {
  KEY: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  PUBLIC: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};

beforeAll(async () => {
  [source, destination] = await Promise.all([startRegistry(), startRegistry()]);
  storeImage(source, 'app');
  image = `${source.host}/app:v1`;
  await run(['sign', image, '--key', 'env://KEY'], { env });
});
afterAll(() => Promise.all([source.close(), destination.close()]));

describe('copy', () => {
  it('copies what verify then verifies, and states that it was not verified', async () => {
    const copied = await run(['copy', image, `${destination.host}/app`], { env });
    expect(copied).toMatchObject({ code: 0 });
    expect(copied.stdout).toMatch(new RegExp(`^${destination.host}/app@sha256:[0-9a-f]{64}\n$`));
    expect(copied.stderr).toContain('not verified: no key, identity or policy was given');
    expect(copied.stderr).toContain('referrers: 1, legacy tags: 0\ntag: v1');
    const verified = await run(['verify', `${destination.host}/app:v1`, '--key', 'env://PUBLIC'], {
      env,
    });
    expect(verified).toMatchObject({ code: 0 });
  });

  it('verifies first, and prints the documented JSON', async () => {
    const args = ['copy', image, `${destination.host}/json:v2`, '--key', 'env://PUBLIC'];
    const copied = await run([...args, '-o', 'json'], { env });
    expect(schemaFaults('copy', copied.stdout)).toEqual([]);
    expect(JSON.parse(copied.stdout)).toMatchObject({ verified: true, tag: 'v2' });
    const refused = await run([...args, '--annotation', 'a=b'], { env });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('VERIFY_ANNOTATION_MISMATCH');
  });

  it('verifies first with requirements only, and refuses requirements without a signer', async () => {
    const args = ['copy', image, `${destination.host}/required:v1`];
    const policy = (keys: readonly string[], count: number): string =>
      JSON.stringify({ require: [{ name: 'release', keys, count }] });
    const refused = await run([...args, '--policy', '-'], {
      env: { ...env, OTHER: otherPublic },
      piped: policy(['env://PUBLIC', 'env://OTHER'], 2),
    });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('1 of 2 required signers');
    const copied = await run([...args, '--policy', '-'], {
      env,
      piped: policy(['env://PUBLIC'], 1),
    });
    expect(copied).toMatchObject({ code: 0 });
    expect(copied.stderr).toContain('verified before it was copied');
    for (const option of [
      ['--annotation', 'a=b'],
      ['--builder-id', 'https://builder.example'],
      ['--transparency', 'log'],
      ['--signature-format', 'both'],
      ['--no-platforms'],
      ['--trusted-root', 'root.json'],
    ]) {
      const without = await run([...args, ...option], { env });
      expect(without).toMatchObject({ code: 2, stdout: '' });
      expect(without.stderr).toContain('no signer is trusted');
    }
  });

  it.each([['{}'], ['{"keys": []}'], ['{"require": [], "identities": []}']])(
    'refuses a policy that requires nothing: %s',
    async (piped) => {
      const target = `${destination.host}/empty`;
      const copied = await run(['copy', image, target, '--policy', '-'], { env, piped });
      expect(copied).toMatchObject({ code: 2, stdout: '' });
      expect(copied.stderr).toContain('keys: no signer is trusted');
      expect((await run(['tree', `${target}:latest`], { env })).code).not.toBe(0);
    },
  );

  it('shows progress on a terminal only', async () => {
    const args = ['copy', image, `${destination.host}/progress`];
    expect((await run(args, { env, typed: [] })).stderr).toMatch(
      /blob sha256:\S+ \(\d+ bytes\): copied/,
    );
    expect((await run(args, { env })).stderr).not.toContain('blob sha256:');
  });

  it('requires both references', async () => {
    expect(await run(['copy', image], { env })).toMatchObject({ code: 2 });
    const digest = `${destination.host}/app@sha256:${'0'.repeat(64)}`;
    expect(await run(['copy', image, digest], { env })).toMatchObject({ code: 2 });
  });
});
