import { execFileSync, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { storeImage } from '../../dev/load/image';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { run, schemaFaults } from '../cli/support';

let registry: RunningRegistry;
let folder: string;
let image: string;
const pem = (key: { export(options: object): string | Buffer }, type: string): string =>
  key.export({ type, format: 'pem' }).toString();
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const env = {
  KEY: pem(pair.privateKey, 'pkcs8'),
  PUBLIC: pem(pair.publicKey, 'spki'),
  OTHER: pem(other.publicKey, 'spki'),
};

beforeAll(async () => {
  registry = await startRegistry();
  image = `${registry.host}/app@${storeImage(registry, 'app')}`;
  folder = await mkdtemp(join(tmpdir(), 'export-'));
  expect(await run(['sign', image, '--key', 'env://KEY'], { env })).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await registry.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (name: string): string => join(folder, name);
const exportTo = (name: string, ...more: readonly string[]) =>
  run(['export', image, '--folder', at(name), '--key', 'env://PUBLIC', ...more], { env });
const verify = (name: string, key = 'env://PUBLIC') =>
  run(['verify', '--offline', at(name), '--key', key], { env });

describe('signed-image export', () => {
  it('writes a folder that verify --offline accepts, with the trusted key only', async () => {
    expect(await exportTo('whole', '--image')).toMatchObject({ code: 0, stderr: '' });
    expect(await verify('whole')).toMatchObject({ code: 0, stdout: `${image}\n` });
    expect(await verify('whole', 'env://OTHER')).toMatchObject({ code: 1 });
  });

  it('refuses a policy with attestations, which an export does not have', async () => {
    await writeFile(at('policy.json'), JSON.stringify({ require: [{ predicateType: 'vuln' }] }));
    for (const command of [
      ['export', image, '--folder', at('attested')],
      ['verify', '--offline', at('whole')],
    ]) {
      const args = [...command, '--key', 'env://PUBLIC', '--policy', at('policy.json')];
      const { code, stderr } = await run(args, { env });
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/require.* cannot be combined with an export/),
      ]);
    }
  });

  it('prints JSON of the documented schema', async () => {
    const { stdout } = await exportTo('json', '-o', 'json');
    expect(schemaFaults('export', stdout)).toEqual([]);
  });

  it('replaces the folder that a symbolic link names, and not the link', async () => {
    await exportTo('linked');
    await symlink(at('linked'), at('link'));
    await rm(at('linked/README.md'));
    expect(await exportTo('link', '--force')).toMatchObject({ code: 0, stderr: '' });
    expect((await lstat(at('link'))).isSymbolicLink()).toBe(true);
    expect(await readdir(at('linked'))).toContain('README.md');
  });

  it('does not replace the current folder', async () => {
    for (const path of ['.', '..', process.cwd()]) {
      const args = ['export', image, '--folder', path, '--key', 'env://PUBLIC', '--force'];
      const { code, stderr } = await run(args, { env });
      expect(code).toBe(2);
      expect(stderr).toContain('is or contains the current folder');
    }
  });

  it('writes nothing for an image that does not meet the policy', async () => {
    const refused = await exportTo('unmet', '--annotation', 'a=b');
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.stderr).toContain('VERIFY_ANNOTATION_MISMATCH');
    expect((await readdir(folder)).filter((name) => name.includes('unmet'))).toEqual([]);
  });

  it('replaces an earlier export with --force, and no other folder', async () => {
    await exportTo('again');
    const refused = await exportTo('again');
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain('is not empty');
    expect(await exportTo('again', '--force')).toMatchObject({ code: 0 });
    await mkdir(at('files'));
    await writeFile(at('files/notes.txt'), 'mine');
    const kept = await exportTo('files', '--force');
    expect(kept).toMatchObject({ code: 2 });
    expect(kept.stderr).toContain('does not contain an earlier export');
    expect(await readFile(at('files/notes.txt'), 'utf8')).toBe('mine');
  });
});

/** The compiled program, which has handlers of signals. */
const MAIN = join(__dirname, '../../dist/cli/main.js');

describe('an export that ends by a signal', () => {
  afterEach(() => void (registry.settings.faults = undefined));

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('leaves nothing after %s, and keeps the earlier export', async (signal, code) => {
    const name = `ended-${signal}`;
    await exportTo(name, '--image');
    const before = await readdir(at(name));
    let waiting: () => void = () => undefined;
    const isWaiting = new Promise<void>((settle) => (waiting = settle));
    let isArmed = false;
    registry.settings.faults = async ({ method, path }) => {
      if (method === 'GET' && path.includes('/blobs/') && (await isPartial(name))) isArmed = true;
      if (!isArmed) return undefined;
      waiting();
      return new Promise<undefined>(() => undefined);
    };
    const args = ['export', image, '--folder', at(name), '--key', 'env://PUBLIC'];
    const child = spawn(process.execPath, [MAIN, ...args, '--image', '--force'], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    await isWaiting;
    child.kill(signal);
    expect(await once(child, 'close')).toEqual([code, null]);
    expect((await readdir(folder)).filter((each) => each.includes(name))).toEqual([name]);
    expect(await readdir(at(name))).toEqual(before);
  });

  /** Whether the temporary folder exists. */
  async function isPartial(name: string): Promise<boolean> {
    return (await readdir(folder)).some((each) => each.includes(`${name}.`));
  }
});

describe('signed-image verify --offline', () => {
  it.each([['export.json'], ['checksums.txt'], ['layout/index.json'], ['README.md']])(
    'neither waits for a named pipe nor reads a device in place of %s',
    async (path) => {
      const name = path.replaceAll(/\W/g, '-');
      await exportTo(name);
      const file = join(at(name), path);
      await rm(file);
      execFileSync('mkfifo', [file]);
      const piped = await verify(name);
      expect(piped).toMatchObject({ code: 1 });
      expect(piped.stderr).toMatch(/is not a regular file|is not what was verified/);
      await rm(file);
      await symlink('/dev/zero', file);
      expect(await verify(name)).toMatchObject({ code: 1 });
    },
  );

  it('does not read a file that is too large', async () => {
    await exportTo('large');
    await truncate(at('large/export.json'), 40_000_000_000);
    const large = await verify('large');
    expect(large).toMatchObject({ code: 1 });
    expect(large.stderr).toContain('CONTENT_TOO_LARGE');
  });

  it('reports a changed, a missing and an added file', async () => {
    await exportTo('changed');
    const [bundle = ''] = await readdir(at('changed/bundles'));
    await writeFile(at(`changed/bundles/${bundle}`), '{}');
    expect((await verify('changed')).stderr).toContain(`${bundle} is not what was verified`);
    await rm(at(`changed/bundles/${bundle}`));
    expect((await verify('changed')).stderr).toContain(`${bundle} is missing`);

    await exportTo('added');
    await writeFile(at('added/keys/other.pub'), env.OTHER);
    const added = await verify('added');
    expect(added).toMatchObject({ code: 1 });
    expect(added.stderr).toContain('keys/other.pub was added');
  });

  it('rejects another digest, and an identity without a trusted root', async () => {
    await exportTo('digest');
    const args = ['verify', '--offline', at('digest')];
    const digest = `sha256:${'0'.repeat(64)}`;
    const wrong = await run([...args, '--key', 'env://PUBLIC', '--digest', digest], { env });
    expect(wrong.stderr).toContain('CONTENT_MISMATCH');
    const identity = ['--identity', 'a@example.com', '--issuer', 'https://issuer.example.com'];
    const rootless = await run([...args, ...identity], { env });
    expect(rootless).toMatchObject({ code: 2 });
    expect(rootless.stderr).toContain('is required to verify an export');
  });

  it('rejects a folder that is not an export', async () => {
    await mkdir(at('empty'));
    expect((await verify('empty')).stderr).toContain('CONTENT_MALFORMED');
  });
});
