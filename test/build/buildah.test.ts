import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { makeCertificate } from '../../dev/registry/tls';
import { type BuildRequest, selectBuilder } from '../../src/build';
import { digestOf } from '../../src/oci/digest';
import { DOCKER_LIST, DOCKER_MANIFEST } from '../../src/oci/media-type';
import { Context } from './requests';

/** The real buildah with a real registry on this machine, without doubles. */

const SECRET = 'canary-a-very-secret-npm-t0ken';
const PASSWORD = 'canary-p4ssw0rd-of-the-registry';

interface Manifest {
  readonly mediaType: string;
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
  readonly manifests: readonly {
    readonly digest: string;
    readonly platform: { readonly os: string; readonly architecture: string };
  }[];
}

let storage: string;
let env: NodeJS.ProcessEnv;
let registry: RunningRegistry;
let context: Context;
let log: string[];

beforeAll(() => {
  try {
    execFileSync('buildah', ['--version'], { stdio: 'ignore' });
  } catch {
    throw new Error(
      'this test needs buildah on the PATH: as root on Debian `apt-get install -y buildah crun`',
    );
  }
  // Separate storage, so that the user's storage does not change and leftovers are visible.
  storage = mkdtempSync(join(tmpdir(), 'signed-image-storage-'));
  const conf = join(storage, 'storage.conf');
  writeFileSync(
    conf,
    `[storage]\ndriver = "vfs"\ngraphroot = "${storage}/graph"\nrunroot = "${storage}/run"\n`,
  );
  env = { ...process.env, CONTAINERS_STORAGE_CONF: conf, HOME: storage };
  delete env['DOCKER_CONFIG'];
  delete env['REGISTRY_AUTH_FILE'];
});
afterAll(() => rmSync(storage, { recursive: true, force: true }));

beforeEach(async () => {
  registry = await startRegistry();
  context = new Context();
  log = [];
});
afterEach(async () => {
  await registry.close();
  context.remove();
});

async function build(request: BuildRequest, tools: NodeJS.ProcessEnv = env) {
  const builder = await selectBuilder('buildah', request, { env: tools });
  return builder.build(request, (line) => log.push(line));
}

function manifestOf(repository: string, digest: string): Manifest {
  const stored = registry.store.getManifest(repository, digest);
  if (!stored) throw new Error(`the registry has no ${digest}`);
  expect(digestOf(stored.bytes)).toBe(digest);
  return JSON.parse(stored.bytes.toString('utf8')) as Manifest;
}

/** All that an image is made of, decompressed. */
function bytesOf(repository: string, digest: string): Buffer {
  const { config, layers } = manifestOf(repository, digest);
  const blobs = [config, ...layers].map((blob) => registry.store.getBlob(repository, blob.digest));
  return Buffer.concat(
    blobs.map((blob = Buffer.alloc(0)) =>
      blob[0] === 0x1f && blob[1] === 0x8b ? gunzipSync(blob) : blob,
    ),
  );
}

test('an image is built and pushed, and its digest is what the registry holds', async () => {
  context.write('Dockerfile', 'FROM scratch\nARG WHO=nobody\nLABEL who=$WHO\nCOPY hello /hello\n');
  const request = context.request(`${registry.host}/team/app:v1`, {
    args: { WHO: 'somebody' },
    labels: { extra: 'label' },
  });
  const result = await build(request);
  expect(registry.store.resolve('team/app', 'v1')).toBe(result.digest);
  expect(manifestOf('team/app', result.digest).mediaType).toBe(DOCKER_MANIFEST);
  const config = bytesOf('team/app', result.digest).toString('latin1');
  expect(config).toContain('"who":"somebody"');
  expect(config).toContain('"extra":"label"');
  expect(log.some((line) => line.startsWith('STEP 1/'))).toBe(true);
  expect(execFileSync('buildah', ['images', '--all', '--quiet'], { env, encoding: 'utf8' })).toBe(
    '',
  );
});

test('several platforms result in an index of all', async () => {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const { digest, tag } = await build(context.request(`${registry.host}/app`, { platforms }));
  const index = manifestOf('app', digest);
  expect(index.mediaType).toBe(DOCKER_LIST);
  expect(index.manifests.map(({ platform }) => `${platform.os}/${platform.architecture}`)).toEqual(
    platforms,
  );
  for (const entry of index.manifests)
    expect(manifestOf('app', entry.digest).layers).toHaveLength(1);
  expect(registry.store.resolve('app', String(tag))).toBe(digest);
  expect(execFileSync('buildah', ['images', '--all', '--quiet'], { env, encoding: 'utf8' })).toBe(
    '',
  );
});

test('a build secret is used, and is not in the image, the log or the result', async () => {
  addShell(context);
  const mounted = '--mount=type=secret,id=npm';
  context.write(
    'Dockerfile',
    `FROM scratch\nCOPY root/ /\nRUN ${mounted} echo "the token is $(cat /run/secrets/npm)" && test -s /run/secrets/npm\n`,
  );
  const request = context.request(`${registry.host}/app`, { secrets: { npm: SECRET } });
  const result = await build(request);
  expect(log).toContain('the token is ***');
  expect(JSON.stringify([log, result])).not.toContain(SECRET);
  expect(bytesOf('app', result.digest).includes(SECRET)).toBe(false);

  // Without it the same build fails: the secret was really there.
  const without = context.request(`${registry.host}/app`, { secrets: { other: SECRET } });
  await expect(build(without)).rejects.toMatchObject({ code: 'BUILD_FAILED', property: 'build' });
});

test('a failing step is reported with its output and redacted secrets', async () => {
  addShell(context);
  context.write(
    'Dockerfile',
    'FROM scratch\nCOPY root/ /\nRUN --mount=type=secret,id=npm echo "bad $(cat /run/secrets/npm)" && exit 7\n',
  );
  const request = context.request(`${registry.host}/app`, { secrets: { npm: SECRET } });
  const error = await build(request).catch((e: unknown) => e as Error);
  expect(error).toMatchObject({ code: 'BUILD_FAILED', property: 'build' });
  expect(String(error)).toContain('bad ***');
  expect(JSON.stringify([log, String(error)])).not.toContain(SECRET);
});

test('a failing step that prints a secret encoded, wrapped and cut shows no part of it', async () => {
  addShell(context);
  const secret = 'canary-Long/token+of_a.registry-0123456789abcdefghij';
  context.write(
    'Dockerfile',
    [
      'FROM scratch',
      'COPY root/ /',
      'RUN --mount=type=secret,id=npm base64 /run/secrets/npm; ' +
        'printf "robot:%s" "$(cat /run/secrets/npm)" | base64 -w 24; ' +
        'fold -w 20 /run/secrets/npm; od -An -v -w99 -tx1 /run/secrets/npm; exit 7',
    ].join('\n'),
  );
  const request = context.request(`${registry.host}/app`, { secrets: { npm: secret } });
  const error = await build(request).catch((e: unknown) => e as Error);
  expect(error).toMatchObject({ code: 'BUILD_FAILED', property: 'build' });
  const shown = [...log, String(error)].join('\n');
  expect(shown.match(/\*\*\*/g)?.length).toBeGreaterThan(10);
  const forms = ['utf8', 'base64', 'hex'].map((form) =>
    Buffer.from(secret).toString(form as BufferEncoding),
  );
  forms.push(Buffer.from(`robot:${secret}`).toString('base64').slice(8));
  forms.push(forms[2]?.replace(/..(?!$)/g, '$& ') ?? '');
  const parts = forms.flatMap((form) => form.match(/.{12}/g) ?? []);
  expect(parts.filter((part) => shown.includes(part))).toEqual([]);
});

test('the ignore file is obeyed as the content hash reads it', async () => {
  context.write('.dockerignore', '*\n!hello\n');
  context.write('ignored-by-all', 'IGNORED-CONTENT');
  context.write('Dockerfile', 'FROM scratch\nCOPY . /\n');
  const { digest } = await build(context.request(`${registry.host}/app`));
  const bytes = bytesOf('app', digest);
  expect(bytes.includes('IGNORED-CONTENT')).toBe(false);
  expect(bytes.includes('hello\n')).toBe(true);
});

test('a base image in the same private registry is pulled with the declared login', async () => {
  registry.settings.auth = { kind: 'basic', users: { robot: PASSWORD } };
  const access = { username: 'robot', password: PASSWORD, insecure: false };
  await build(context.request(`${registry.host}/base:1`, { registry: access }));
  context.write('Dockerfile', `FROM ${registry.host}/base:1\nLABEL on=top\n`);
  const { digest } = await build(context.request(`${registry.host}/app`, { registry: access }));
  expect(manifestOf('app', digest).layers.length).toBeGreaterThan(0);
  expect(JSON.stringify(log)).not.toContain(PASSWORD);
});

test('a wrong login is an error on the image, and the password is not in it', async () => {
  registry.settings.auth = { kind: 'basic', users: { robot: 'another' } };
  const access = { username: 'robot', password: PASSWORD, insecure: false };
  const error = await build(context.request(`${registry.host}/app`, { registry: access })).catch(
    (e: unknown) => e,
  );
  expect(error).toMatchObject({ code: 'BUILD_FAILED', property: 'image' });
  expect(JSON.stringify([String(error), log])).not.toContain(PASSWORD);
});

test('credentials of the docker configuration are used if none are declared', async () => {
  registry.settings.auth = { kind: 'basic', users: { robot: PASSWORD } };
  const folder = join(storage, 'docker');
  mkdirSync(folder, { recursive: true });
  const auth = Buffer.from(`robot:${PASSWORD}`).toString('base64');
  writeFileSync(
    join(folder, 'config.json'),
    JSON.stringify({ auths: { [registry.host]: { auth } } }),
  );
  const request = context.request(`${registry.host}/app:v1`);
  const { digest } = await build(request, { ...env, DOCKER_CONFIG: folder });
  expect(registry.store.resolve('app', 'v1')).toBe(digest);
});

test('a registry of an own authority is trusted by its file alone', async () => {
  const tls = await startRegistry({ tls: true });
  const caFile = join(context.folder, 'ca.pem');
  writeFileSync(caFile, tls.ca ?? '');
  context.write('.dockerignore', 'ca.pem\n');
  const { digest } = await build(
    context.request(`${tls.host}/app:v1`, { registry: { caFile, insecure: false } }),
  );
  expect(tls.store.resolve('app', 'v1')).toBe(digest);

  const other = await startRegistry({ tls: true });
  const untrusted = context.request(`${other.host}/app`, { registry: { caFile, insecure: false } });
  await expect(build(untrusted)).rejects.toMatchObject({ code: 'BUILD_FAILED', property: 'image' });
  await Promise.all([tls.close(), other.close()]);
});

test('a `certs.d` folder means TLS for a registry on loopback, also for the push', async () => {
  const tls = await startRegistry({ tls: true });
  const folder = join(storage, '.config', 'containers', 'certs.d', tls.host);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ca.crt'), tls.ca ?? '');
  const request = context.request(`${tls.host}/app:v1`, { registry: { insecure: false } });
  expect((await build(request)).digest).toBe(tls.store.resolve('app', 'v1'));

  // Not trusted without the folder.
  rmSync(folder, { recursive: true });
  const caFile = join(context.folder, 'ca.pem');
  writeFileSync(caFile, (await makeCertificate()).ca);
  context.write('.dockerignore', 'ca.pem\n');
  const other = context.request(`${tls.host}/app:v2`, { registry: { caFile, insecure: false } });
  await expect(build(other)).rejects.toMatchObject({ code: 'BUILD_FAILED', property: 'image' });
  expect(tls.store.resolve('app', 'v2')).toBeUndefined();
  await tls.close();
});

/** A shell from this machine with its libraries, because base images are not available offline. */
function addShell(target: Context): void {
  const programs = ['/bin/sh', '/bin/cat', '/usr/bin/base64', '/usr/bin/fold', '/usr/bin/od'];
  const libraries = execFileSync('ldd', programs, { encoding: 'utf8' }).match(/\/lib\S+/g) ?? [];
  for (const path of new Set([...programs, ...libraries])) {
    const copy = join(target.folder, 'root', path);
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(path, copy);
  }
}
