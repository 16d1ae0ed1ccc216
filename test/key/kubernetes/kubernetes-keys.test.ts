import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { makeCertificate, type TestCertificate } from '../../../dev/registry/tls';
import { SignedImageError } from '../../../src/error';
import { type KeyHost, loadKeySigner, loadPublicKey } from '../../../src/sign';
import { kubernetesKeys } from '../../../src/key/kubernetes';
import { kubernetesKey } from '../../../src/key/kubernetes/kubernetes-keys';
import { type ApiDouble, startApiDouble, statusBody } from './api-double';

const TOKEN = 'canary-kubernetes-token';
const PASSWORD = 'canary-kubernetes-password';
const REF = 'k8s://build/cosign';

const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' });
/** Not encrypted, as that takes a second each time. */
const PLAIN_KEY = PAIR.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const PUBLIC_KEY = PAIR.publicKey.export({ format: 'pem', type: 'spki' }).toString();

const base64 = (text: string): string => Buffer.from(text).toString('base64');

let certificate: TestCertificate;
let folder: string;
let api: ApiDouble;

beforeAll(async () => {
  certificate = await makeCertificate();
  // Some thousand modules, which the first run after an installation has to compile.
  await import('@kubernetes/client-node');
}, 300_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
  api = await startApiDouble(certificate, TOKEN);
  await writeFile(join(folder, 'ca.crt'), certificate.ca);
});
afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true, force: true });
});

interface ConfigParts {
  readonly server?: string;
  readonly token?: string;
  readonly user?: object;
  readonly cluster?: object;
  readonly context?: string;
}

/** A kubeconfig file; the path of the authority in it is relative to the file. */
async function kubeconfig(name: string, parts: ConfigParts = {}): Promise<string> {
  const { server = api.url, token = TOKEN, context = 'one' } = parts;
  const path = join(folder, name);
  const config = {
    clusters: [
      { name: 'one', cluster: { server, 'certificate-authority': 'ca.crt', ...parts.cluster } },
    ],
    users: [{ name: 'me', user: parts.user ?? { token } }],
    contexts: [{ name: 'one', context: { cluster: 'one', user: 'me' } }],
    'current-context': context,
  };
  await writeFile(path, JSON.stringify(config));
  return path;
}

function host(env: Record<string, string | undefined>): KeyHost {
  return { env, readFile: (path) => readFile(path, 'utf8') };
}

const configured = async (parts?: ConfigParts): Promise<KeyHost> =>
  host({ KUBECONFIG: await kubeconfig('config', parts) });

function keep(data: Record<string, string>): void {
  const encoded = Object.entries(data).map(([name, text]) => [name, base64(text)]);
  api.secrets.set('build/cosign', {
    metadata: { name: 'cosign' },
    data: Object.fromEntries(encoded) as Record<string, string>,
  });
}

async function refusal(action: Promise<unknown> | undefined): Promise<SignedImageError> {
  const error = await action?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SignedImageError);
  const { message, cause, stack } = error as SignedImageError;
  const text = [message, stack, JSON.stringify(cause, Object.getOwnPropertyNames(cause ?? {}))];
  for (const secret of [TOKEN, PASSWORD]) expect(text.join('\n')).not.toContain(secret);
  return error as SignedImageError;
}

describe('a key that was made in a secret', () => {
  test('is read by kubeconfig and signs; its secret is immutable and as of cosign', async () => {
    const on = await configured();
    const made = await kubernetesKeys.generate?.(REF, { password: PASSWORD }, on);
    expect(made?.summary).toContain(`build/cosign of the cluster ${api.url}`);
    const secret = api.secrets.get('build/cosign');
    expect(secret?.immutable).toBe(true);
    expect(Object.keys(secret?.data ?? {})).toEqual([
      'cosign.key',
      'cosign.password',
      'cosign.pub',
    ]);

    const signer = await loadKeySigner({ ref: REF }, on);
    const data = Buffer.from('data');
    const { signature } = await signer.sign(data);
    expect(verify('sha256', data, createPublicKey(made?.publicKey ?? ''), signature)).toBe(true);
    expect((await loadPublicKey(REF, on)).keyId).toBe(signer.publicKey.keyId);
  });

  test('does not overwrite an existing one', async () => {
    keep({ 'cosign.key': PLAIN_KEY });
    const on = await configured();
    const error = await refusal(kubernetesKeys.generate?.(REF, { password: PASSWORD }, on));
    expect(error).toMatchObject({ code: 'KEY_EXISTS' });
    expect(Object.keys(api.secrets.get('build/cosign')?.data ?? {})).toEqual(['cosign.key']);
  });

  test('is not sent twice where it may have been created; secrets in the response are redacted', async () => {
    api.fault = () => ({
      status: 500,
      body: statusBody(500, 'InternalError', `webhook said: ${PASSWORD} ${base64(PASSWORD)}`),
    });
    const on = await configured();
    const error = await refusal(kubernetesKeys.generate?.(REF, { password: PASSWORD }, on));
    expect(error).toMatchObject({ code: 'KEY_SERVICE_FAILED' });
    expect(error.message).not.toContain(base64(PASSWORD));
    expect(api.requests).toHaveLength(1);
  });

  test.each([
    [403, 'KEY_FORBIDDEN', /verbs: \["create"\]/],
    [404, 'KEY_NOT_FOUND', /no namespace build/],
  ])('cannot be made after a %d', async (status, code, message) => {
    api.fault = () => ({ status, body: statusBody(status, 'x', 'the reason') });
    const on = await configured();
    const error = await refusal(kubernetesKeys.generate?.(REF, { password: PASSWORD }, on));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
  });
});

describe('the cluster is found', () => {
  beforeEach(() => keep({ 'cosign.key': PLAIN_KEY, 'cosign.pub': PUBLIC_KEY }));
  const read = (on: KeyHost): Promise<unknown> => loadPublicKey(REF, on);

  test('in ~/.kube/config', async () => {
    const text = await readFile(
      await kubeconfig('config', { cluster: { 'certificate-authority': join(folder, 'ca.crt') } }),
      'utf8',
    );
    const home: KeyHost = {
      env: { HOME: folder },
      readFile: async (path) => {
        if (path !== join(folder, '.kube', 'config')) throw new Error(path);
        return text;
      },
    };
    await expect(read(home)).resolves.toBeDefined();
  });

  test('in several files, of which the first one wins', async () => {
    const files = [
      join(folder, 'absent'),
      await kubeconfig('first'),
      await kubeconfig('second', { server: 'https://127.0.0.1:1', context: 'another' }),
    ];
    await expect(read(host({ KUBECONFIG: files.join(delimiter) }))).resolves.toBeDefined();
  });

  test('by the account of a pod', async () => {
    await writeFile(join(folder, 'token'), TOKEN);
    const { port } = new URL(api.url);
    const env = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port };
    const place = kubernetesKey({ namespace: 'build', name: 'cosign' }, { serviceAccount: folder });
    await expect(place.readPublicKey(host(env))).resolves.toBe(PUBLIC_KEY);
  });

  test('or the missing cluster is reported', async () => {
    expect((await refusal(read(host({})))).message).toContain('set KUBECONFIG');
    const on = await configured({ context: 'another' });
    expect((await refusal(read(on))).message).toContain('kubectl config use-context');
  });

  test('and a kubeconfig that cannot be read is named, not quoted', async () => {
    await writeFile(join(folder, 'broken'), `users: [${TOKEN}`);
    expect((await refusal(read(host({ KUBECONFIG: join(folder, 'broken') })))).message).toMatch(
      /broken is damaged/,
    );
    expect((await refusal(read(host({ KUBECONFIG: folder })))).message).toContain('cannot be read');
  });
});

describe('a key that cannot be read is reported with the reason', () => {
  const load = async (parts?: ConfigParts): Promise<SignedImageError> =>
    refusal(loadKeySigner({ ref: REF }, await configured(parts)));

  test('no secret', async () => {
    const error = await load();
    expect(error).toMatchObject({ code: 'KEY_NOT_FOUND', property: 'key.ref' });
    expect(error.message).toContain('no secret cosign in the namespace build');
  });

  test('no key in the secret', async () => {
    keep({ 'tls.key': 'x', 'cosign.key': '' });
    expect(await load()).toMatchObject({
      code: 'KEY_NOT_FOUND',
      message: expect.stringContaining('has no cosign.key; it has tls.key, cosign.key') as unknown,
    });
  });

  test('an empty secret', async () => {
    keep({});
    expect((await load()).message).toContain('it is empty');
  });

  test('expired credentials', async () => {
    const error = await load({ token: 'canary-kubernetes-old' });
    expect(error).toMatchObject({ code: 'KEY_FORBIDDEN' });
    expect(error.message).toMatch(/HTTP 401.*sign in again/);
    expect(error.message).not.toContain('canary');
  });

  test('no permission: with the least role', async () => {
    const reason = 'secrets "cosign" is forbidden: User "jane" cannot get resource "secrets"';
    api.fault = () => ({ status: 403, body: statusBody(403, 'Forbidden', reason) });
    const { code, message } = await load();
    expect(code).toBe('KEY_FORBIDDEN');
    expect(message).toContain(reason);
    expect(message).toContain('resourceNames: ["cosign"], verbs: ["get"]');
  });

  test('a cluster that is overloaded for long', async () => {
    api.fault = () => ({ status: 429, body: statusBody(429, 'TooManyRequests', 'slow down') });
    expect((await load()).message).toContain('HTTP 429 (slow down)');
    expect(api.requests).toHaveLength(3);
  });

  test('no server', async () => {
    const gone = await startApiDouble(certificate, TOKEN);
    await gone.close();
    const error = await load({ server: gone.url });
    expect(error).toMatchObject({ code: 'KEY_SERVICE_FAILED' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a certificate of another authority', async () => {
    await writeFile(join(folder, 'ca.crt'), (await makeCertificate()).ca);
    expect((await load()).message).toContain('certificate authority in kubeconfig');
  });

  test('no answer', async () => {
    api.fault = () => 'silence';
    const place = kubernetesKey({ namespace: 'build', name: 'cosign' }, { timeoutMs: 150 });
    const error = await refusal(place.readPrivateKey(await configured()));
    expect(error).toMatchObject({ code: 'KEY_SERVICE_FAILED' });
    expect(error.message).toContain('no response within 0.15 s');
  });

  test('a file and a credential plugin that are not there, by their names', async () => {
    const file = await load({ cluster: { 'certificate-authority': 'absent.crt' } });
    expect(file.message).toMatch(/absent\.crt.*kubeconfig names a file/);
    const plugin = await load({ user: { exec: { command: 'absent-plugin' } } });
    expect(plugin.message).toMatch(/spawn absent-plugin ENOENT/);
  });

  test('a credential plugin that fails, and one that hangs', async () => {
    const plugin = (script: string): ConfigParts => ({
      user: { exec: { command: process.execPath, args: ['-e', script] } },
    });
    const failed = await load(plugin('console.error("no login"); process.exit(1)'));
    expect(failed).toMatchObject({ code: 'KEY_SERVICE_FAILED' });
    expect(failed.message).toContain('no login');
    const place = kubernetesKey({ namespace: 'build', name: 'cosign' }, { timeoutMs: 300 });
    const slow = await configured(plugin('setTimeout(() => {}, 3000)'));
    expect((await refusal(place.readPrivateKey(slow))).message).toContain('no response within');
  });
});

test('a dropped and a failed request are sent again', async () => {
  keep({ 'cosign.key': PLAIN_KEY });
  const faults = ['drop', { status: 503 }] as const;
  let count = 0;
  api.fault = () => faults[count++];
  await expect(loadKeySigner({ ref: REF }, await configured())).resolves.toBeDefined();
  expect(api.requests).toHaveLength(3);
});

test.each(['k8s://cosign', 'k8s://a/b/c', 'k8s:///cosign', 'k8s://Build/cosign', 'k8s://a/../b'])(
  '%s is not a reference',
  async (ref) => {
    expect(await refusal(loadKeySigner({ ref }, host({})))).toMatchObject({
      code: 'KEY_REFERENCE_INVALID',
    });
  },
);
