import { createPublicKey } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type RunningGitlab, startGitlab } from '../../dev/gitlab';
import { startVault } from '../../dev/vault';
import { SignedImageError } from '../../src/error';
import { generateKey, type KeyFiles, loadKeySigner, processHost } from '../../src/sign';
import { localKeyFiles } from '../../src/key/generation/key-files';
import { run } from './support';

const PASSWORD = 'canary-cli-password';
const TOKEN = 'canary-cli-gitlab';
const ENV = { COSIGN_PASSWORD: PASSWORD };

let folder: string;
let prefix: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  prefix = join(folder, 'cosign');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const generate = (...more: string[]): string[] => [
  ...['keys', 'generate', '--output-key-prefix', prefix],
  ...more,
];

describe('signed-image keys generate', () => {
  test('writes an encrypted pair that signs, the private half for its owner only', async () => {
    const made = await run(generate(), { env: ENV });
    expect(made).toEqual({
      code: 0,
      stdout: `Private key written to ${prefix}.key\nPublic key written to ${prefix}.pub\n`,
      stderr: '',
    });
    expect((await stat(`${prefix}.key`)).mode & 0o777).toBe(0o600);
    expect(await readFile(`${prefix}.key`, 'utf8')).toMatch(
      /^-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\n/,
    );
    const host = { ...processHost(), env: ENV };
    const signer = await loadKeySigner({ ref: `${prefix}.key` }, host);
    expect(await readFile(`${prefix}.pub`, 'utf8')).toBe(signer.publicKey.pem);
  });

  test('takes a password that is typed twice, and shows it nowhere', async () => {
    const made = await run(generate(), { typed: [`${PASSWORD}\n`, `${PASSWORD}\n`] });
    expect(made.code).toBe(0);
    expect(made.stderr).toBe('Password for the new private key: \nRepeat the password: \n');
    const shown = await run(['keys', 'public', '--key', `${prefix}.key`], {
      typed: [`${PASSWORD}\n`],
    });
    expect(shown.stdout).toBe(await readFile(`${prefix}.pub`, 'utf8'));
  });

  test.each([
    ['two different passwords', { typed: ['one\n', 'two\n'] }, 'do not match'],
    ['a question that is broken off', { typed: [] }, 'no password was entered'],
    ['nobody to ask', {}, 'set COSIGN_PASSWORD'],
  ])('makes nothing after %s', async (_name, options, message) => {
    const { code, stderr } = await run(generate(), options);
    expect(code).toBe(2);
    expect(stderr).toContain('error[INPUT_INVALID]: ');
    expect(stderr).toContain(message);
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(['key', 'pub'])(
    'does not overwrite a .%s file, and does not prompt for a password then',
    async (end) => {
      await writeFile(`${prefix}.${end}`, 'mine');
      const { code, stderr } = await run(generate());
      expect(code).toBe(1);
      expect(stderr).toContain(`error[KEY_EXISTS]: ${prefix}.${end} already exists`);
      expect(await readdir(folder)).toEqual([`cosign.${end}`]);
      expect(await readFile(`${prefix}.${end}`, 'utf8')).toBe('mine');
    },
  );

  test('reports an unwritable path', async () => {
    const { code, stderr } = await run(
      ['keys', 'generate', '--output-key-prefix', join(folder, 'absent', 'cosign')],
      { env: ENV },
    );
    expect(code).toBe(2);
    expect(stderr).toMatch(/error\[INPUT_INVALID\]: .*cosign\.key cannot be written \(ENOENT\)/);
  });

  test.each([
    ['env://COSIGN_PRIVATE_KEY', 'KEY_REFERENCE_INVALID', 'a key can be generated in files'],
    ['github://acme/app', 'KEY_REFERENCE_INVALID', 'GitHub never returns secrets'],
    ['nokms://key', 'KEY_REFERENCE_INVALID', 'not a supported key source'],
    ['k8s://only-one', 'KEY_REFERENCE_INVALID', 'k8s://NAMESPACE/SECRET'],
  ])('makes no key at %s', async (ref, code, message) => {
    const made = await run(generate('--kms', ref), { env: ENV });
    expect(made.code).toBe(2);
    expect(made.stderr).toContain(`error[${code}]: `);
    expect(made.stderr).toContain(message);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a key in GitLab', () => {
  let gitlab: RunningGitlab;
  beforeEach(async () => {
    const roles = { 'acme/app': 'maintainer' } as const;
    gitlab = await startGitlab({ tokens: { [TOKEN]: { scope: 'api', roles } } });
    gitlab.store.add('project', 'acme/app');
  });
  afterEach(() => gitlab.close());
  const env = () => ({ ...ENV, GITLAB_HOST: gitlab.url, GITLAB_TOKEN: TOKEN });

  test('is made there, and its public half is written and printed', async () => {
    const made = await run(generate('gitlab://acme/app'), { env: env() });
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(made.stdout).toContain('of the GitLab project acme/app');
    expect(await readdir(folder)).toEqual(['cosign.pub']);
    const { stdout } = await run(['keys', 'public', 'gitlab://acme/app'], { env: env() });
    expect(stdout).toBe(await readFile(`${prefix}.pub`, 'utf8'));
    expect(JSON.stringify(made)).not.toMatch(/canary-/);
  });

  test('is not created if the public key cannot be written', async () => {
    await writeFile(`${prefix}.pub`, 'mine');
    const { code } = await run(generate('gitlab://acme/app'), { env: env() });
    expect(code).toBe(1);
    expect(gitlab.requests).toEqual([]);
  });

  test('that was created without its file is reported', async () => {
    const broken: KeyFiles = {
      ...localKeyFiles(),
      write: async ({ path }) => {
        throw new SignedImageError({ code: 'INPUT_INVALID', message: `${path}: no space` });
      },
    };
    const host = { ...processHost(), env: env() };
    const password = async () => PASSWORD;
    await expect(
      generateKey({ ref: 'gitlab://acme/app', outputPrefix: prefix, password }, host, broken),
    ).rejects.toThrow(/are in the variables .* no space\. `signed-image keys public --key REF`/);
  });
});

describe('a key in a service that keeps it', () => {
  test('is made without a password, and again not', async () => {
    const token = 'canary-cli-vault';
    const vault = await startVault({ rootToken: token });
    try {
      const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: token };
      const made = await run(generate('--kms', 'hashivault://release'), { env });
      expect(made).toMatchObject({ code: 0, stderr: '' });
      expect(await readdir(folder)).toEqual(['cosign.pub']);
      const { stdout } = await run(['keys', 'public', '--key', 'hashivault://release'], { env });
      expect(stdout).toBe(await readFile(`${prefix}.pub`, 'utf8'));
      await rm(`${prefix}.pub`);
      const again = await run(generate('hashivault://release'), { env });
      expect(again.stderr).toMatch(/^error\[KEY_EXISTS\]: /);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      await vault.close();
    }
  });
});

describe('files of a pair', () => {
  test('are written both or not at all', async () => {
    const local = localKeyFiles();
    const broken: KeyFiles = {
      ...local,
      write: async (file) => {
        if (file.path.endsWith('.pub')) {
          throw new SignedImageError({ code: 'INPUT_INVALID', message: 'no space' });
        }
        return local.write(file);
      },
    };
    const password = async () => '';
    const making = generateKey({ outputPrefix: prefix, password }, processHost(), broken);
    await expect(making).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await readdir(folder)).toEqual([]);
  });

  test('that were created after the first check are not changed', async () => {
    const path = `${prefix}.key`;
    const files = localKeyFiles();
    await files.expectNew(path);
    await writeFile(path, 'mine');
    const written = files.write({ path, text: 'other', mode: 0o600 });
    await expect(written).rejects.toMatchObject({ code: 'KEY_EXISTS' });
    expect(await readFile(path, 'utf8')).toBe('mine');
  });

  test('below a file do not exist', async () => {
    await writeFile(prefix, '');
    await chmod(prefix, 0o600);
    await expect(localKeyFiles().expectNew(join(prefix, 'cosign.key'))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });
});

describe('signed-image keys public', () => {
  test('prints the public half of a key that needs no password', async () => {
    await run(generate(), { env: { COSIGN_PASSWORD: '' } });
    const { code, stdout } = await run(['keys', 'public', '--key', `${prefix}.key`]);
    expect(code).toBe(0);
    expect(createPublicKey(stdout).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  test('reports a wrong password without a request to a machine', async () => {
    await run(generate(), { env: ENV });
    const { code, stderr } = await run(['keys', 'public', '--key', `${prefix}.key`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[KEY_PASSWORD_WRONG\]: /);
  });
});
