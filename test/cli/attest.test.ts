import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { PREDICATES } from '../attestations/support/predicates';
import { run, schemaFaults } from './support';

let registry: RunningRegistry;
let folder: string;
let image: string;
let sbom: string;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const env = {
  KEY: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  PUBLIC: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};

beforeAll(async () => {
  registry = await startRegistry();
  folder = await mkdtemp(join(tmpdir(), 'attest-'));
  sbom = join(folder, 'sbom.json');
  await writeFile(sbom, PREDICATES.spdxjson);
  image = `${registry.host}/app@${storeImage(registry, 'app')}`;
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

const attest = (...args: readonly string[]) =>
  run(['attest', image, '--key', 'env://KEY', ...args], { env });
const verify = (...args: readonly string[]) =>
  run(['verify', image, '--key', 'env://PUBLIC', ...args], { env });

describe('attest', () => {
  it('attests, and verify --type verifies it', async () => {
    const args = ['--type', 'spdxjson', '--predicate', sbom];
    expect(await attest(...args)).toEqual({ code: 0, stdout: `${image}\n`, stderr: '' });
    expect(await verify('--type', 'spdxjson')).toMatchObject({ code: 0, stdout: `${image}\n` });
    // The URI is the same type.
    expect(await verify('--type', 'https://spdx.dev/Document')).toMatchObject({ code: 0 });
    const missing = await verify('--type', 'vuln');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('attestation (bundle) is missing');
  });

  it('prints the documented JSON', async () => {
    const args = ['--type', 'spdxjson', '--predicate', sbom, '-o', 'json'];
    const { stdout } = await attest(...args, '--signature-format', 'both');
    expect(schemaFaults('attest', stdout)).toEqual([]);
    expect(JSON.parse(stdout)).toMatchObject({
      reference: image,
      predicateType: 'https://spdx.dev/Document',
      attestations: [
        { format: 'bundle', made: false },
        { format: 'legacy', made: true },
      ],
    });
    const verified = await verify('--type', 'spdxjson', '-o', 'json');
    expect(schemaFaults('verify', verified.stdout)).toEqual([]);
    expect(JSON.parse(verified.stdout)).toMatchObject({
      verified: true,
      attestation: { predicate: JSON.parse(PREDICATES.spdxjson) as unknown },
    });
    const refused = await verify('--type', 'vuln', '-o', 'json');
    expect(schemaFaults('verify', refused.stdout)).toEqual([]);
  });

  it('reads the predicate from standard input', async () => {
    const args = ['attest', image, '--key', 'env://KEY', '--type', 'custom', '--predicate', '-'];
    expect(await run(args, { env, piped: 'reviewed' })).toMatchObject({ code: 0 });
    const found = await verify('--type', 'custom', '-o', 'json');
    expect(JSON.parse(found.stdout)).toMatchObject({
      attestation: { predicate: { Data: 'reviewed' } },
    });
  });

  it.each([
    [['--type', 'vuln'], '--predicate is required'],
    [[], '--type and --predicate are required'],
    [['--type', 'vuln', '--predicate', 'none.json'], 'none.json cannot be read (ENOENT)'],
    [['--type', 'sbom', '--predicate', 'SBOM'], 'predicateType: must be one of slsaprovenance'],
    [['--type', 'vuln', '--predicate', 'SBOM'], 'predicate: scanner is missing'],
    [['--type', 'vuln', '--predicate', 'SBOM', '--keyless'], 'expected one signer'],
  ])('refuses %j as a usage error', async (args, message) => {
    const given = args.map((each) => (each === 'SBOM' ? sbom : each));
    const refused = await attest(...given);
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain(message);
  });

  it('is not verified in an export', async () => {
    const refused = await verify('--type', 'vuln', '--offline');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('--type cannot be combined with --offline');
  });
});
