import { symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { buildPaths, type DeclaredBuild, validateBuild } from '../../src/build';
import { Context } from './requests';

let context: Context;
beforeEach(() => {
  context = new Context();
});
afterEach(() => context.remove());

const properties = async (declared: DeclaredBuild) =>
  (await validateBuild(declared, context.folder)).map(({ property }) => property);

test('a plain build is right', async () => {
  expect(await properties({})).toEqual([]);
  const full: DeclaredBuild = {
    context: '.',
    dockerfile: 'Dockerfile',
    target: 'final',
    args: { A_1: '' },
    secrets: { 'npm.token': 'x' },
    platforms: ['linux/amd64', 'linux/arm/v7', 'windows/amd64'],
    labels: { 'org.example/x': '' },
    contexts: {
      shared: '.',
      'r.example/a:1': 'docker-image://r.example/b@sha256:' + 'a'.repeat(64),
    },
    pull: true,
    noCache: true,
    network: 'none',
    addHosts: { 'db.internal': '192.0.2.1', six: '::1' },
    ssh: ['default', 'deploy=hello,Dockerfile'],
    sbom: true,
    builder: 'buildx',
    buildxBuilder: 'remote-1',
  };
  expect(await properties(full)).toEqual([]);
});

test('paths are relative to the program, the Dockerfile’s default to the context', () => {
  expect(buildPaths({}, '/p')).toEqual({ context: '/p', dockerfile: '/p/Dockerfile' });
  expect(buildPaths({ context: 'app' }, '/p').dockerfile).toBe('/p/app/Dockerfile');
  expect(buildPaths({ context: '/c', dockerfile: 'd/F' }, '/p')).toEqual({
    context: '/c',
    dockerfile: '/p/d/F',
  });
});

test.each<[DeclaredBuild, string, RegExp]>([
  [{ context: 'no' }, 'build.context', /does not exist/],
  [{ context: 'hello' }, 'build.context', /is not a folder/],
  [{ context: 'https://github.com/a/b.git' }, 'build.context', /by URL/],
  [{ dockerfile: 'no' }, 'build.dockerfile', /does not exist/],
  [{ dockerfile: '.' }, 'build.dockerfile', /is not a file/],
  [{ dockerfile: '/dev/null' }, 'build.dockerfile', /is not a file/],
  [{ dockerfile: `Dockerfile/${'x'.repeat(3)}` }, 'build.dockerfile', /does not exist/],
  [{ dockerfile: 'x'.repeat(300) }, 'build.dockerfile', /cannot be read/],
  [{ platforms: ['linux'] }, 'build.platforms[0]', /os\/arch/],
  [{ platforms: ['linux/amd64', '--x/y'] }, 'build.platforms[1]', /os\/arch/],
  [{ platforms: ['linux/amd64', 'linux/amd64'] }, 'build.platforms[1]', /twice/],
  [{ secrets: { 'a,src=/etc/x': 'x' } }, 'build.secrets["a,src=/etc/x"]', /secret id/],
  [{ secrets: { '../a': 'x' } }, 'build.secrets["../a"]', /secret id/],
  [{ secrets: { npm: '' } }, 'build.secrets.npm', /empty/],
  [{ args: { 'A=B': 'x' } }, 'build.args["A=B"]', /argument name/],
  [{ labels: { 'a b': 'x' } }, 'build.labels["a b"]', /label/],
  [{ target: '--push' }, 'build.target', /stage/],
  [{ builder: 'kaniko' }, 'build.builder', /buildx, docker, podman, buildah/],
  [
    { builder: 'podman', buildxBuilder: 'b' },
    'build.buildxBuilder',
    /podman does not support a named builder; supported by buildx$/,
  ],
  [{ buildxBuilder: '--x' }, 'build.buildxBuilder', /name/],
  [{ contexts: { a: 'no' } }, 'build.contexts.a', /no does not exist/],
  [{ contexts: { a: 'hello' } }, 'build.contexts.a', /hello is not a folder/],
  [{ contexts: { a: 'docker-image://' } }, 'build.contexts.a', /neither a folder nor/],
  [{ contexts: { a: 'https://git.example/a.git' } }, 'build.contexts.a', /neither a folder nor/],
  [{ contexts: { a: 'git@git.example:a.git' } }, 'build.contexts.a', /neither a folder nor/],
  [{ contexts: { a: 'oci-layout:///a' } }, 'build.contexts.a', /neither a folder nor/],
  [{ contexts: { 'a=b': '.' } }, 'build.contexts["a=b"]', /is not the name of a context/],
  [
    { builder: 'docker', contexts: { a: '.' } },
    'build.contexts',
    /supported by buildx, podman, buildah$/,
  ],
  [
    { platforms: ['linux/arm64', 'linux/arm64/v8'] },
    'build.platforms[1]',
    /linux\/arm64\/v8 is the same platform as linux\/arm64/,
  ],
  [{ platforms: ['linux/aarch64', 'linux/arm64'] }, 'build.platforms[1]', /is the same platform/],
  [{ args: { A: 'x\0y' } }, 'build.args.A', /must not contain a NUL character/],
  [{ labels: { A: 'x\0y' } }, 'build.labels.A', /must not contain a NUL character/],
  [{ secrets: { a: 'x\0y' } }, 'build.secrets.a', /must not contain a NUL character/],
  [{ network: 'bridge' }, 'build.network', /"bridge" is not one of default, none, host/],
  [{ noCache: true, cacheFrom: ['r.example/c'] }, 'build.noCache', /contradicts build.cacheFrom/],
  [{ addHosts: { 'a b': '192.0.2.1' } }, 'build.addHosts["a b"]', /is not a host name/],
  [{ addHosts: { '-x': '192.0.2.1' } }, 'build.addHosts["-x"]', /is not a host name/],
  [{ addHosts: { db: 'host-gateway' } }, 'build.addHosts.db', /is not an IP address/],
  [{ ssh: ['deploy'] }, 'build.ssh[0]', /is not `default` or `id=path`/],
  [{ ssh: ['default', '--x=hello'] }, 'build.ssh[1]', /is not `default` or `id=path`/],
  [{ ssh: ['deploy='] }, 'build.ssh[0]', /is not `default` or `id=path`/],
  [{ ssh: ['deploy=no'] }, 'build.ssh[0]', /no does not exist/],
  [{ ssh: ['a=hello', 'a=hello'] }, 'build.ssh[1]', /the id a is listed twice/],
  [{ builder: 'docker', ssh: ['default'] }, 'build.ssh', /supported by buildx, podman, buildah$/],
  [{ builder: 'podman', sbom: true }, 'build.sbom', /podman does not support SBOM attestations/],
  [
    { builder: 'buildah', network: 'none' },
    'build.network',
    /supported by buildx, docker, podman$/,
  ],
  [
    { builder: 'podman', noCache: true, cacheTo: ['r.example/c'] },
    'build.noCache',
    /supported by buildx$/,
  ],
  [
    { builder: 'docker', secrets: { a: 'secret' } },
    'build.secrets',
    /supported by buildx, podman, buildah$/,
  ],
  [
    { builder: 'buildah', cacheTo: ['type=gha'] },
    'build.cacheTo',
    /buildah does not support another cache destination/,
  ],
])('%j is wrong on %s', async (declared, property, message) => {
  expect(await validateBuild(declared, context.folder)).toEqual([
    expect.objectContaining({ property, message: expect.stringMatching(message) }),
  ]);
});

test('all problems are reported at once', async () => {
  const declared = { context: 'no', dockerfile: 'no', platforms: ['x'], builder: 'y' };
  expect(await properties(declared)).toEqual([
    'build.context',
    'build.dockerfile',
    'build.platforms[0]',
    'build.builder',
  ]);
});

test('all that a named builder does not support is reported at once', async () => {
  const platforms = ['linux/amd64', 'linux/arm64'];
  const secrets = { a: 'secret' };
  const cacheTo = ['type=inline', 'r.example/cache'];
  const declared = { builder: 'docker', platforms, secrets, cacheTo, cacheFrom: ['type=gha'] };
  expect(await properties(declared)).toEqual([
    'build.platforms',
    'build.secrets',
    'build.cacheFrom',
    'build.cacheTo',
    'build.cacheTo',
  ]);
  for (const builder of ['auto', 'buildx'])
    expect(await properties({ ...declared, builder })).toEqual([]);
});

test('a Dockerfile that is a link has the ignore file of its target', async () => {
  context.write('docker/Dockerfile', 'FROM scratch\n');
  symlinkSync('docker/Dockerfile', join(context.folder, 'Linked'));
  expect(await properties({ dockerfile: 'Linked' })).toEqual([]);
  context.write('docker/Dockerfile.dockerignore', 'x\n');
  expect(await properties({ dockerfile: 'Linked' })).toEqual(['build.dockerfile']);
  symlinkSync('docker/Dockerfile.dockerignore', join(context.folder, 'Linked.dockerignore'));
  expect(await properties({ dockerfile: 'Linked' })).toEqual([]);
});

test('an absolute path is taken as it is', async () => {
  expect(
    await validateBuild(
      { context: context.folder, dockerfile: context.dockerfile },
      join('/', 'x'),
    ),
  ).toEqual([]);
});
