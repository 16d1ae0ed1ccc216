import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { load } from 'js-yaml';

import {
  type AuditLab,
  openAuditLab,
  push,
  type PushedImage,
  sign,
} from '../audit/support/audit-lab';
import { podOf } from '../audit/support/pods';
import { statusBody } from '../key/kubernetes/api-double';
import { COMMIT } from '../verify/support/lab';
import { type CommandOptions, type CommandRun, run, schemaFaults } from './support';

let lab: AuditLab;
let image: PushedImage;
let policy: string;

beforeAll(async () => {
  await import('@kubernetes/client-node');
  lab = await openAuditLab();
  image = await push(lab);
  await sign(lab, [image], lab.ours);
  policy = join(lab.folder, 'policy.json');
  await writeFile(policy, JSON.stringify({ keys: [lab.ours.publicKey.pem] }));
}, 300_000);
afterAll(() => lab.close());
beforeEach(() => {
  lab.api.fault = undefined;
  lab.api.pods.splice(0);
  lab.api.pods.push(podOf(image.ref, image.ref, 'web'));
});

async function audit(
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<CommandRun> {
  const kubeconfig = await lab.api.kubeconfig(lab.folder);
  const ended = await run(
    ['audit', 'cluster', '--kubeconfig', kubeconfig, '--policy', policy, ...args],
    options,
  );
  expect(ended.stdout + ended.stderr).not.toContain('canary');
  return ended;
}

describe('signed-image audit cluster', () => {
  test('ends with 0 when all match', async () => {
    const { code, stdout, stderr } = await audit(['--commit', COMMIT, '-n', 'shop']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('shop/web/app');
    expect(stdout).toContain('1 images: 1 match; no findings');
    const json = await audit(['--commit', COMMIT, '-o', 'json']);
    expect(schemaFaults('audit-cluster', json.stdout)).toEqual([]);
  });

  test('ends with 1 for findings, in each format', async () => {
    const args = ['--commit', 'ab'.repeat(20)];
    const text = await audit(args);
    expect(text.code).toBe(1);
    expect(text.stdout).toContain('not from this commit: ');
    const json = await audit([...args, '-o', 'json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      outcome: 'findings',
      summary: { 'not-from-this-commit': 1 },
    });
    const sarif = await audit([...args, '-o', 'sarif']);
    expect(sarif.code).toBe(1);
    expect(JSON.parse(sarif.stdout)).toMatchObject({
      version: '2.1.0',
      runs: [{ results: [{ ruleId: 'not-from-this-commit' }] }],
    });
  });

  test('takes the policy from options, too', async () => {
    const key = join(lab.folder, 'cosign.pub');
    await writeFile(key, lab.ours.publicKey.pem);
    await writeFile(join(lab.folder, 'root.json'), JSON.stringify(lab.lab.sigstore.trustedRoot));
    const kubeconfig = await lab.api.kubeconfig(lab.folder);
    const args = ['audit', 'cluster', '--kubeconfig', kubeconfig, '--context', 'one'];
    const trust = ['--key', key, '--trusted-root', join(lab.folder, 'root.json')];
    const asked = ['--transparency', 'log', '--signature-format', 'bundle', '--no-platforms'];
    const { code } = await run([...args, ...trust, ...asked, '--annotation', `commit=${COMMIT}`]);
    expect(code).toBe(0);
    expect((await run([...args, ...trust, '--annotation', 'stage=a=b'])).stdout).toContain('"a=b"');
    expect((await run([...args, ...trust, '--builder-id', 'nobody'])).code).toBe(1);
  });

  test('compares with a state that is piped in', async () => {
    const verified = {
      urn: 'urn:pulumi:prod::shop::signed-image:index:VerifiedImage::app',
      type: 'signed-image:index:VerifiedImage',
      outputs: { digest: `sha256:${'1a'.repeat(32)}`, imageRef: 'elsewhere' },
    };
    const piped = JSON.stringify({ deployment: { resources: [verified] } });
    const { code, stdout } = await audit(['--stack-state', '-'], { piped });
    expect(code).toBe(1);
    expect(stdout).toContain('not in the stack');
    expect(stdout).toContain('in the stack, but not running: elsewhere');
  });

  test('admits exempt images', async () => {
    lab.api.pods.push(podOf('registry.k8s.io/pause:3.10', `sha256:${'1a'.repeat(32)}`, 'pause'));
    const byImage = await audit(['--exempt', 'registry.k8s.io/*=comes with the cluster']);
    expect(byImage.code).toBe(0);
    expect(byImage.stdout).toContain('comes with the cluster');
    expect((await audit(['--exempt-pod', 'shop/pause=a trial'])).code).toBe(0);
  });

  test('ends with 3 if the cluster or all images could not be checked', async () => {
    lab.api.fault = () => ({ status: 403, body: statusBody(403, 'Forbidden', 'no') });
    const refused = await audit();
    expect(refused.code).toBe(3);
    expect(refused.stderr).toMatch(/error\[CLUSTER_UNREADABLE\].*signed-image audit rbac/);
    lab.api.fault = undefined;
    const empty = await audit(['-n', 'empty']);
    expect(empty.code).toBe(3);
    expect(empty.stdout).toContain('nothing was checked');
  });

  test.each([
    [['--output', 'xml'], '--output must be text, json or sarif'],
    [['pods'], 'unexpected argument "pods"'],
    [['--identity', 'a'], 'each --identity or --identity-regexp requires an --issuer'],
    [
      ['--identity', 'a', '--identity-regexp', 'b', '--issuer', 'c', '--issuer', 'd'],
      'exact names and regular expressions cannot be combined',
    ],
    [['--claim', 'sourceRef'], 'two parts separated by "="'],
    [['--claim-regexp', 'sourceRef=x', '--key', 'k'], 'require an --identity'],
    [
      ['--identity-regexp', '.*', '--issuer', 'https://a.example'],
      'identities[0].identityPattern: matches everyone',
    ],
    [
      ['--identity', 'a', '--issuer', 'b', '--claim', 'sourceref=x'],
      'identities[0].claims.sourceref: unknown; did you mean "sourceRef"?',
    ],
    [['--exempt', 'a/*'], 'two parts separated by "="'],
    [['--exempt', 'a/*='], 'explain why'],
    [['--exempt', '*=because'], 'would admit every image'],
    [['--annotation', 'stage'], 'two parts separated by "="'],
    [['--commit', 'main'], 'must be a full commit id'],
    [['--stack-state', 'absent.json'], 'absent.json cannot be read (ENOENT)'],
    [['--context', 'two'], 'kubeconfig has no context "two"'],
    [['--key', 'absent.pub'], 'absent.pub'],
    [['--signature-format', 'new'], 'must be any, bundle, legacy or both'],
    [['--verbose'], "Unknown option '--verbose'"],
    [['--stak-state', 'a'], "Unknown option '--stak-state'; did you mean --stack-state?"],
  ])('ends with 2 for %j', async (args, said) => {
    const { code, stderr, stdout } = await audit(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(said);
  });

  test.each([
    ['a word', 'is not valid JSON'],
    ['[]', 'must be a JSON object'],
    ['{"key": "a"}', 'has an unknown member "key"; expected one of keys'],
    ['{"keys": "a"}', 'keys must be a list of strings'],
    ['{"identities": [{"identity": "a", "issuer": 1}]}', 'issuer must be a string'],
    [
      '{"identities": [{"identity": "a", "issuer": "b", "claims": {"ref": "c"}}]}',
      'claims has an unknown member "ref"',
    ],
    ['{"identities": {}}', 'must be a list'],
    ['{"annotations": {"a": 1}}', 'with string values'],
    ['{"provenance": {"builder": "a"}}', 'has an unknown member "builder"'],
    ['{"provenance": {"externalParameters": "a"}}', 'must be an object'],
    ['{"sigstore": "a"}', 'must be an object'],
    ['{"platforms": "no"}', 'must be true or false'],
  ])('ends with 2 for the policy file %s', async (text, said) => {
    const path = join(lab.folder, 'other.json');
    await writeFile(path, text);
    const { code, stderr } = await audit(['--policy', path]);
    expect(code).toBe(2);
    expect(stderr).toContain(said);
  });

  test('cannot read two things from one pipe', async () => {
    const { code, stderr } = await run(['audit', 'cluster', '--policy=-', '--stack-state=-']);
    expect(code).toBe(2);
    expect(stderr).toContain('only one of');
  });
});

describe('signed-image audit rbac', () => {
  const objectsOf = (yaml: string) => yaml.split('---\n').map((each) => load(each));

  test('prints a role that may read pods and nothing else', async () => {
    const { code, stdout } = await run(['audit', 'rbac']);
    expect(code).toBe(0);
    expect(objectsOf(stdout)).toMatchObject([
      { kind: 'ServiceAccount', metadata: { name: 'signed-image-audit', namespace: 'default' } },
      {
        kind: 'ClusterRole',
        rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
      },
      { kind: 'ClusterRoleBinding', subjects: [{ kind: 'ServiceAccount', namespace: 'default' }] },
    ]);
  });

  test('binds it in namespaces', async () => {
    const args = ['--service-account', 'ops/auditor', '-n', 'shop', '-n', 'bank'];
    const bindings = objectsOf((await run(['audit', 'rbac', ...args])).stdout).slice(2);
    expect(bindings).toMatchObject([
      { kind: 'RoleBinding', metadata: { namespace: 'shop' }, subjects: [{ name: 'auditor' }] },
      { kind: 'RoleBinding', metadata: { namespace: 'bank' }, subjects: [{ namespace: 'ops' }] },
    ]);
  });

  test.each([[['--service-account', 'auditor']], [['pods']]])('refuses %j', async (args) => {
    expect((await run(['audit', 'rbac', ...args])).code).toBe(2);
  });
});
