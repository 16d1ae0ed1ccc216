import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import type { Manifest } from '../../src/enforce/admission';
import { run } from './support';

const ISSUER = 'https://token.actions.githubusercontent.com';
const IMAGE = ['--image', 'registry.example.com/acme/*'];

let folder: string;
let key: string;
let sigstore: RunningSigstore;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cli-policy-'));
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  key = join(folder, 'cosign.pub');
  writeFileSync(key, publicKey.export({ format: 'pem', type: 'spki' }));
  sigstore = await startSigstore();
  await sigstore.writeTrustedRoot(join(folder, 'trusted_root.json'));
});
afterAll(async () => {
  await sigstore.close();
  rmSync(folder, { recursive: true, force: true });
});

const objects = (text: string): readonly Manifest[] =>
  text.split('\n---\n').map((each) => load(each) as Manifest);

const policy = (...args: readonly string[]) => run(['policy', ...args]);

describe('signed-image policy', () => {
  it.each([
    ['kyverno', ['ImageValidatingPolicy', 'ImageValidatingPolicy']],
    ['kyverno-cluster-policy', ['ClusterPolicy']],
    ['policy-controller', ['ClusterImagePolicy']],
  ])('prints the objects of %s for a key', async (engine, kinds) => {
    const { code, stdout, stderr } = await policy(
      engine,
      '--key',
      key,
      ...IMAGE,
      '--format',
      'both',
    );
    expect({ code, kinds: objects(stdout).map(({ kind }) => kind) }).toEqual({ code: 0, kinds });
    // Told, and in the text that is kept.
    const warnings = stderr.split('\n').filter((line) => line !== '');
    for (const line of warnings) expect(stdout).toContain(line.replace('warning: ', '# '));
    expect(warnings).toHaveLength(engine === 'kyverno' ? 1 : 0);
  });

  it('prints all that Flux needs', async () => {
    const image = ['--image', 'registry.example.com/acme/deploy', '--namespace', 'apps'];
    const { code, stdout } = await policy('flux', '--key', key, ...image, '--name', 'acme');
    expect(code).toBe(0);
    expect(objects(stdout)).toMatchObject([
      { kind: 'Secret', metadata: { name: 'acme-keys', namespace: 'apps' } },
      { kind: 'OCIRepository', spec: { verify: { secretRef: { name: 'acme-keys' } } } },
    ]);
  });

  it('takes identities, an own instance, annotations, a builder and namespaces', async () => {
    const { code, stdout, stderr } = await policy(
      'policy-controller',
      ...IMAGE,
      ...['--identity', 'https://github.com/acme/app/release.yml@refs/heads/main'],
      ...['--identity-regexp', 'https://github\\.com/acme/lib/.+', '--issuer', ISSUER],
      ...['--trusted-root', join(folder, 'trusted_root.json'), '--transparency', 'log'],
      ...[
        '--annotation',
        'commit=a=b',
        '--builder-id',
        'https://builder.example',
        '--action',
        'Warn',
      ],
      ...['--namespace', 'a', '--namespace', 'b'],
    );
    expect(code).toBe(0);
    expect(objects(stdout)).toMatchObject([
      { kind: 'TrustRoot' },
      {
        spec: {
          mode: 'warn',
          authorities: [
            {
              keyless: {
                identities: [
                  { subject: 'https://github.com/acme/app/release.yml@refs/heads/main' },
                  { subjectRegExp: '^(?:https://github\\.com/acme/lib/.+)$', issuer: ISSUER },
                ],
              },
            },
          ],
        },
      },
      { metadata: { name: 'signed-images-provenance' } },
    ]);
    expect(stdout).toContain('https://builder.example');
    expect(stderr).toContain('warning: The annotations are not checked');
  });

  it('has the required annotations', async () => {
    const pairs = ['--annotation', 'commit=a=b', '--annotation', 'branch=main'];
    const { stdout } = await policy('kyverno', '--key', key, ...IMAGE, ...pairs);
    expect(stdout).toContain('annotations[?"commit"].value() == "a=b"');
    expect(stdout).toContain('annotations[?"branch"].value() == "main"');
  });

  it('prints the policy of verified digests', async () => {
    const image = `registry.example.com/acme/app@sha256:${'1a'.repeat(32)}`;
    const exempt = ['--exempt', 'registry.k8s.io/*=comes with the cluster'];
    const { code, stdout } = await policy('vap', '--image', image, ...exempt, '--action', 'Audit');
    expect(code).toBe(0);
    expect(objects(stdout)).toHaveLength(10);
    expect(stdout).toContain(image);
    expect(stdout).toContain('comes with the cluster');
    expect(await policy('vap', '--image', image, '--exempt', 'registry.k8s.io/*')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('exempt[0].reason'),
    });
  });

  it('prints patterns and claims, and refuses claims that the engine does not compare', async () => {
    const options = ['--image', 'host.example/a', '--identity-regexp', 'https://a\\.example/.+'];
    const claim = ['--claim', 'githubWorkflowTrigger=push', '--issuer', ISSUER];
    const cluster = ['kyverno-cluster-policy', ...options, ...claim];
    const { code, stdout } = await policy(...cluster, '--format', 'legacy');
    expect(code).toBe(0);
    expect(stdout).toContain('subjectRegExp: ^(?:https://a\\.example/.+)$');
    expect(stdout).toContain('githubWorkflowTrigger: push');
    for (const engine of ['kyverno', 'policy-controller', 'flux']) {
      expect(await policy(engine, ...options, ...claim)).toMatchObject({
        code: 2,
        stdout: '',
        stderr: expect.stringContaining('identities[0].claims.githubWorkflowTrigger: cannot be'),
      });
    }
  });

  it('reports all problems together, and prints nothing', async () => {
    const { code, stdout, stderr } = await policy('kyverno', '--image', '*', '--issuer', ISSUER);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('images[0]: "*" has no registry');
    expect(stderr).toContain('identities[0].identity: is required');
  });

  it.each([
    [['--key', 'cosign.pub', 'more'], 2, 'unexpected argument "more"'],
    [['--annotation', 'commit'], 2, '--annotation must be NAME=VALUE'],
    [['--trusted-root', 'not-there.json'], 2, '--trusted-root not-there.json cannot be read'],
    [['--tuf-root', 'root.json'], 2, '--tuf-root requires --tuf-mirror'],
    [['--nothing'], 2, '--nothing'],
  ])('refuses %j', async (args, code, message) => {
    expect(await policy('kyverno', ...IMAGE, ...args)).toMatchObject({
      code,
      stdout: '',
      stderr: expect.stringContaining(message),
    });
  });

  it('sets the TUF repository of a private instance for Kyverno', async () => {
    const root = join(folder, 'root.json');
    writeFileSync(root, '{"signed":{"_type":"root"},"signatures":[]}');
    const tuf = ['--tuf-mirror', 'https://tuf.example.com', '--tuf-root', root];
    const { code, stdout } = await policy('kyverno', '--key', key, ...IMAGE, ...tuf);
    expect(code).toBe(0);
    const { spec } = objects(stdout)[0] as unknown as { spec: { attestors: object[] } };
    expect(spec.attestors).toMatchObject([
      {
        cosign: { tuf: { mirror: 'https://tuf.example.com', root: { data: expect.any(String) } } },
      },
    ]);
  });

  it.each(['vap', 'kyverno', 'kyverno-cluster-policy', 'policy-controller', 'flux'])(
    'explains itself: %s',
    async (engine) => {
      const { code, stdout } = await policy(engine, '--help');
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: signed-image policy ${engine} [OPTIONS]`);
      expect(stdout).toContain('--image');
    },
  );
});
