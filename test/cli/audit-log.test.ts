import { lstat, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { load } from 'js-yaml';

import {
  certificateSigner,
  createCertificateAuthority,
  keySigner,
  newKeyPair,
  OURS,
  v2Body,
} from '../log-audit/support/entries';
import { type ServedLog, serveV2 } from '../log-audit/support/logs';
import { run, schemaFaults } from './support';

describe('signed-image audit log', () => {
  const { publicKey } = newKeyPair();
  let folder: string;
  let log: ServedLog;
  let options: readonly string[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'audit-log-'));
    const authority = await createCertificateAuthority();
    log = await serveV2(authority.chain);
    const other = keySigner(newKeyPair().publicKey);
    for (let index = 0; index < 300; index += 1) log.add(v2Body(`other ${index}`, other));
    log.add(v2Body('ours', keySigner(publicKey)));
    log.add(v2Body('ours too', await certificateSigner(authority, OURS)));
    const file = (name: string): string => join(folder, name);
    await writeFile(file('key.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    await writeFile(file('root.json'), log.trustedRoot);
    await writeFile(file('known.txt'), '# both\n300\n301\n');
    options = [
      ...['--key', file('key.pub'), '--identity', OURS.identity, '--issuer', OURS.issuer],
      ...['--trusted-root', file('root.json')],
    ];
  });
  afterAll(async () => {
    await log.close();
    await rm(folder, { recursive: true });
  });

  const checkpoint = (): readonly string[] => ['--checkpoint', join(folder, 'log.json')];

  it('prints the entries that are not known, with exit code 1', async () => {
    const { code, stdout, stderr } = await run(['audit', 'log', ...options]);
    expect(stderr).toBe('');
    expect(code).toBe(1);
    expect(stdout).toContain('FINDINGS');
    expect(stdout).toContain('entry 300 (hashedrekord 0.0.2) was signed with the key ');
    expect(stdout).toContain(`entry 301 (hashedrekord 0.0.2) was signed by ${OURS.identity}`);
  });

  it('replaces the file that a symbolic link names, and not the link', async () => {
    const target = join(folder, 'kept.json');
    const link = join(folder, 'link.json');
    await symlink(target, link);
    // A link without a file is a first run.
    expect(await run(['audit', 'log', ...options, '--checkpoint', link])).toMatchObject({
      code: 1,
    });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    const text = await readFile(target, 'utf8');
    expect(text).toContain('signed-image/log-checkpoint/v1');
    expect(await run(['audit', 'log', ...options, '--checkpoint', link])).toMatchObject({
      code: 1,
    });
    expect((await lstat(link)).isSymbolicLink()).toBe(true);
    await rm(link);
    await rm(target);
  });

  it('is clean if all are known, keeps a checkpoint, and continues from it', async () => {
    const known = ['--known', join(folder, 'known.txt'), '-o', 'json', ...checkpoint()];
    const first = await run(['audit', 'log', ...options, ...known]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(first.stdout)).toMatchObject({ outcome: 'clean', read: 302, known: 2 });
    expect(schemaFaults('audit-log', first.stdout)).toEqual([]);
    const second = await run(['audit', 'log', ...options, ...known]);
    expect(JSON.parse(second.stdout)).toMatchObject({ outcome: 'clean', read: 0 });
    expect(schemaFaults('audit-log', second.stdout)).toEqual([]);
    // Without temporary files.
    expect((await readdir(folder)).sort()).toEqual([
      'key.pub',
      'known.txt',
      'log.json',
      'root.json',
    ]);
  });

  it('prints findings as JSON of the documented schema', async () => {
    const { stdout } = await run(['audit', 'log', ...options, '-o', 'json']);
    expect((JSON.parse(stdout) as { findings: object[] }).findings).toHaveLength(2);
    expect(schemaFaults('audit-log', stdout)).toEqual([]);
  });

  it('prints SARIF with a result for each entry', async () => {
    const { stdout } = await run(['audit', 'log', ...options, '-o', 'sarif']);
    const { runs } = JSON.parse(stdout) as {
      runs: { results: { ruleId: string; message: { text: string } }[] }[];
    };
    expect(runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual([
      'unknown-log-entry',
      'unknown-log-entry',
    ]);
  });

  it('refuses a log that has forked, with exit code 1, and keeps the checkpoint', async () => {
    const before = await readFile(join(folder, 'log.json'), 'utf8');
    const bodies = log.bodies();
    log.fork([...bodies.slice(0, 300), ...bodies.slice(0, 7)]);
    const { code, stderr, stdout } = await run(['audit', 'log', ...options, ...checkpoint()]);
    log.fork(bodies);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^error\[LOG_INCONSISTENT\]: the transparency log .* does not prove/);
    expect(await readFile(join(folder, 'log.json'), 'utf8')).toBe(before);
  });

  it('ends with exit code 3 if the log cannot be read', async () => {
    const args = ['--log', 'http://127.0.0.1:9', '--log-version', '2'];
    const { code, stderr } = await run(['audit', 'log', ...options, ...args]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^error\[REKOR_FAILED\]/);
  });

  it.each([
    [['--key', 'missing.pub'], /missing\.pub/],
    [[], /no signer to search for/],
    [['--identity', 'a@example.com'], /requires an --issuer/],
    [['--key', 'k', '--from', '-1'], /--from/],
    [['--key', 'k', '--stack-state', 'missing.json'], /missing\.json cannot be read/],
    [['--key', 'k', '--log', 'ftp://log.example.com'], /log: must be an https address/],
  ])('reports a usage error for %j', async (args, message) => {
    const { code, stderr } = await run(['audit', 'log', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('shows progress on a terminal only', async () => {
    const typed = await run(['audit', 'log', ...options], { typed: [] });
    expect(typed.stderr).toMatch(/of 302 entries \(\d+ %\), \d+ per second/);
  });

  it('prints a configuration of rekor-monitor for the same signers', async () => {
    const { code, stdout } = await run(['policy', 'rekor-monitor', ...options.slice(0, 6)]);
    expect(code).toBe(0);
    expect(load(stdout)).toEqual({
      monitoredValues: {
        certIdentities: [
          {
            certSubject:
              '^https://github\\.com/acme/app/\\.github/workflows/release\\.yml@refs/heads/main$',
            issuers: ['^https://token\\.actions\\.githubusercontent\\.com$'],
          },
        ],
        fingerprints: [expect.stringMatching(/^[0-9a-f]{64}$/)],
      },
    });
  });
});
