import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { buildahBuilder, type BuildRequest, podmanBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

const PASSWORD = 'canary-p4ssw0rd-of-the-registry';
const SECRET = 'canary-npm-t0ken-value';

/** Like podman and buildah: image ids and digests go into the files that the flags name. */
const TOOL = `
  const write2 = (name, text) => { if (flag(name)) write(flag(name), text); };
  write2('--iidfile', 'sha256:' + (argv.includes('linux/arm64') ? 'b' : 'a').repeat(64));
  write2('--digestfile', '${DIGEST}\\n');
  const architecture = argv.at(-1).includes('bbb') ? 'arm64' : 'amd64';
  if (argv.includes('inspect'))
    console.log(JSON.stringify([{ Os: 'linux', Architecture: architecture, Config: {} }]));
`;

let tools: FakeTools;
let context: Context;
let log: string[];
beforeEach(() => {
  tools = new FakeTools();
  context = new Context();
  log = [];
});
afterEach(() => {
  tools.remove();
  context.remove();
});

const builds =
  (create: typeof podmanBuilder) =>
  (request: BuildRequest, env: NodeJS.ProcessEnv = {}) =>
    create({ env: { ...tools.env, ...env } }).build(request, (line) => log.push(line));
const buildCall = () => tools.callsOf('build').at(-1);
const pushCall = () => tools.callsOf('push').at(-1);

describe.each([
  { name: 'podman', create: podmanBuilder },
  { name: 'buildah', create: buildahBuilder },
])('$name', ({ name, create }) => {
  const build = builds(create);

  test('builds and pushes one image, the digest from the file of the push', async () => {
    tools.add(name, TOOL);
    const request = context.request('registry.example/team/app:v1', {
      target: 'final',
      args: { B: '2', A: '1' },
      labels: { l: 'x' },
      platforms: ['linux/arm64'],
    });
    const result = await build(request);
    expect(result).toMatchObject({ digest: DIGEST, builder: name, tag: 'v1' });
    expect(Date.parse(result.startedOn)).toBeLessThanOrEqual(Date.parse(result.finishedOn));
    const argv = buildCall()?.argv.join(' ');
    expect(argv).toContain(
      `--file ${context.dockerfile} --target final --build-arg A --build-arg B --label l=x --platform linux/arm64`,
    );
    expect(buildCall()?.argv.at(-1)).toBe(context.folder);
    expect(argv).not.toContain('tls-verify');
    const image = `sha256:${'b'.repeat(64)}`;
    expect(pushCall()?.argv.slice(-2)).toEqual([image, 'docker://registry.example/team/app:v1']);
    // podman 4.3 fails where DOCKER_CONFIG names a folder without a file, unless a file is named.
    const handed: unknown = JSON.parse(pushCall()?.files['auth']?.text ?? '');
    expect(handed).toEqual({ auths: {}, credHelpers: {} });
  });

  test('builds each platform into a list and pushes all of it', async () => {
    tools.add(name, TOOL);
    const platforms = ['linux/amd64', 'linux/arm64'];
    const result = await build(context.request('registry.example/app:v1', { platforms }));
    expect(result.digest).toBe(DIGEST);
    const calls = tools.callsOf('build', '--platform');
    expect(calls.map(({ argv }) => argv[argv.indexOf('--platform') + 1])).toEqual(platforms);
    const list = tools.callsOf('manifest', 'create').at(-1)?.argv.at(-1);
    const images = ['a', 'b'].map((id) => `containers-storage:${id.repeat(64)}`);
    expect(tools.callsOf('manifest', 'add').map(({ argv }) => argv.slice(-2))).toEqual(
      images.map((image) => [list, image]),
    );
    expect(pushCall()?.argv).toEqual(expect.arrayContaining(['manifest', 'push', '--all']));
    expect(pushCall()?.argv.slice(-2)).toEqual([list, 'docker://registry.example/app:v1']);
    expect(tools.callsOf('manifest', 'rm').at(-1)?.argv.at(-1)).toBe(list);
  });

  test('build secrets come by variables of the build alone', async () => {
    tools.add(name, TOOL);
    await build(
      context.request('registry.example/app', { secrets: { npm: SECRET, aws: 'x'.repeat(9) } }),
    );
    const argv = buildCall()?.argv ?? [];
    const flags = argv.filter((_, index) => argv[index - 1] === '--secret');
    expect(flags).toEqual([
      'id=aws,env=SIGNED_IMAGE_BUILD_SECRET_0',
      'id=npm,env=SIGNED_IMAGE_BUILD_SECRET_1',
      // Marks the working containers of this build.
      expect.stringMatching(/^id=signed-image-build-\w+,env=SIGNED_IMAGE_BUILD_MARK$/),
    ]);
    expect(buildCall()?.env['SIGNED_IMAGE_BUILD_SECRET_1']).toBe(SECRET);
    expect(JSON.stringify(argv)).not.toContain(SECRET);
    expect(JSON.stringify(pushCall())).not.toContain(SECRET);
  });

  test('a tool that is not there is unavailable, and no build', async () => {
    const builder = create({ env: tools.env });
    expect(await builder.unavailable(context.request('r.example/app'))).toMatch(/not installed/);
    await expect(build(context.request('r.example/app'))).rejects.toThrow(/is not on the PATH/);
  });

  test('a tool that fails is unavailable with its error as the reason', async () => {
    tools.add(name, `console.error('Error: no subuid ranges'); return 125;`);
    const why = await create({ env: tools.env }).unavailable(context.request('r.example/app'));
    expect(why).toBe('Error: no subuid ranges');
    tools.add(name, 'return 2;');
    const silent = await create({ env: tools.env }).unavailable(context.request('r.example/app'));
    expect(silent).toBe(`${name} failed with exit code 2`);
  });
});

describe('podman and buildah alike (here by podman)', () => {
  const name = 'podman';
  const create = podmanBuilder;
  const build = builds(create);

  test('without a tag pushes a unique one', async () => {
    tools.add(name, TOOL);
    const [one, two] = [
      await build(context.request('registry.example/app')),
      await build(context.request('registry.example/app')),
    ];
    expect(one.tag).toMatch(/^build-\d{8}t\d{6}z-[0-9a-f]{8}$/);
    expect(two.tag).not.toBe(one.tag);
    expect(pushCall()?.argv.at(-1)).toBe(`docker://registry.example/app:${two.tag}`);
  });

  test('the login is in a private file while it runs, and nowhere afterwards', async () => {
    tools.add(name, TOOL);
    mkdirSync(join(tools.home, '.docker'));
    writeFileSync(
      join(tools.home, '.docker', 'config.json'),
      JSON.stringify({
        auths: { 'base.example': { auth: 'YmFzZQ==' } },
        credHelpers: { 'registry.example': 'h' },
      }),
    );
    const registry = { username: 'robot', password: PASSWORD, insecure: false };
    await build(context.request('registry.example/app', { registry }));
    const auth = Buffer.from(`robot:${PASSWORD}`).toString('base64');
    for (const call of [buildCall(), pushCall()]) {
      expect(call?.files['auth']?.mode).toBe(0o600);
      expect(JSON.parse(call?.files['auth']?.text ?? '')).toEqual({
        auths: { 'base.example': { auth: 'YmFzZQ==' }, 'registry.example': { auth } },
        credHelpers: {},
      });
      expect(JSON.stringify([call?.argv, call?.env])).not.toContain(PASSWORD);
      expect(existsSync(call?.env['REGISTRY_AUTH_FILE'] ?? '/')).toBe(false);
    }
  });

  test('logins of DOCKER_CONFIG count, and Docker Hub has its own name', async () => {
    tools.add(name, TOOL);
    writeFileSync(
      join(tools.folder, 'config.json'),
      JSON.stringify({ auths: { a: { auth: 'x' } } }),
    );
    const env = { DOCKER_CONFIG: tools.folder };
    await build(context.request('registry.example/app'), env);
    expect(JSON.parse(pushCall()?.files['auth']?.text ?? '').auths).toEqual({ a: { auth: 'x' } });
    const registry = { username: 'u', password: PASSWORD, insecure: false };
    await build(context.request('team/app', { registry }), { ...env, XDG_RUNTIME_DIR: tools.home });
    const { auths } = JSON.parse(pushCall()?.files['auth']?.text ?? '');
    expect(Object.keys(auths)).toEqual(['a', 'docker.io']);
  });

  test('an invalid auth file is an error that does not quote it', async () => {
    tools.add(name, TOOL);
    const file = join(tools.folder, 'auth.json');
    writeFileSync(file, `{"auths": ${PASSWORD}`);
    const registry = { username: 'u', password: 'x', insecure: false };
    const env = { REGISTRY_AUTH_FILE: file };
    const error = await build(context.request('registry.example/app', { registry }), env).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'CREDENTIALS_UNREADABLE', property: 'registry' });
    expect(JSON.stringify([error, String(error), (error as Error).cause])).not.toContain(PASSWORD);
    const folder = { REGISTRY_AUTH_FILE: tools.folder };
    await expect(
      build(context.request('registry.example/app', { registry }), folder),
    ).rejects.toMatchObject({
      code: 'CREDENTIALS_UNREADABLE',
    });
  });

  test('the keys and tokens that sign are not within reach of a build', async () => {
    tools.add(name, TOOL);
    const signing = {
      COSIGN_PASSWORD: 'k',
      PULUMI_CONFIG_PASSPHRASE: 'k',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'k',
    };
    await build(context.request('registry.example/app'), { ...signing, BUILDAH_FORMAT: 'docker' });
    expect(buildCall()?.env).toMatchObject({ BUILDAH_FORMAT: 'docker' });
    for (const variable of Object.keys(signing))
      expect(buildCall()?.env).not.toHaveProperty(variable);
  });

  test('unverified TLS is for the registry that it was declared for', async () => {
    tools.add(name, TOOL);
    const loopback = '127.0.0.1:5000/app';
    await build(context.request(loopback));
    expect(pushCall()?.argv).toContain('--tls-verify=false');

    context.write('Dockerfile', 'FROM docker.io/library/alpine:3\n');
    await build(context.request(loopback));
    expect(pushCall()?.argv).toContain('--tls-verify=false');
    expect(buildCall()?.argv).not.toContain('--tls-verify=false');

    context.write('Dockerfile', 'FROM 127.0.0.1:5000/base\n');
    await build(context.request(loopback));
    expect(buildCall()?.argv).toContain('--tls-verify=false');

    context.write('Dockerfile', 'FROM Not/An/Image\n');
    await build(context.request('registry.example/app', { registry: { insecure: true } }));
    expect(pushCall()?.argv).toContain('--tls-verify=false');
    expect(buildCall()?.argv).not.toContain('--tls-verify=false');
  });

  test.each([
    ['a base that cannot be read', 'FROM 127.0.0.1:5000/a AS x\nFROM other.example/b:${V^}\n'],
    ['a base with a modifier', 'ARG V=v1\nFROM other.example/a:${V#v}\n'],
    ['a stage that the target does not need', 'FROM other.example/a AS x\nFROM 127.0.0.1:5000/b\n'],
    ['a source that is a variable', 'ARG V\nFROM 127.0.0.1:5000/b\nCOPY --from=$V / /\n'],
    ['a here-document', 'FROM 127.0.0.1:5000/b\nRUN <<E\nFROM other.example/a\nE\n'],
    ['what ADD fetches', 'FROM 127.0.0.1:5000/b\nADD https://other.example/f /f\n'],
    ['no base at all', 'FROM scratch\n'],
  ])('TLS stays verified for %s', async (_, dockerfile) => {
    tools.add(name, TOOL);
    context.write('Dockerfile', dockerfile);
    await build(context.request('127.0.0.1:5000/app'));
    expect(pushCall()?.argv).toContain('--tls-verify=false');
    expect(buildCall()?.argv).not.toContain('--tls-verify=false');
  });

  test('a cache of another registry is read with verified TLS', async () => {
    tools.add(name, TOOL);
    context.write('Dockerfile', 'FROM 127.0.0.1:5000/base\n');
    const cacheFrom = ['other.example/cache'];
    await build(context.request('127.0.0.1:5000/app', { cacheFrom }));
    expect(buildCall()?.argv).not.toContain('--tls-verify=false');
    await build(context.request('127.0.0.1:5000/app', { cacheFrom: ['127.0.0.1:5000/cache'] }));
    expect(buildCall()?.argv).toContain('--tls-verify=false');
  });

  test('patterns that these tools read in their own way become a list of what is left out', async () => {
    tools.add(name, TOOL);
    context.write('c++/x', '');
    context.write('out/deep/keep', '');
    context.write('out/deep/drop [1]', '');
    context.write('.dockerignore', 'c++\nout\n!**/keep\n');
    await build(context.request('registry.example/app'));
    expect(buildCall()?.files['ignore']?.text).toBe('c\\+\\+\nout/deep/drop[ ]\\[1\\]\n');
    context.write('.dockerignore', 'node_modules\n**/*.log\n# c\n');
    await build(context.request('registry.example/app'));
    expect(buildCall()?.files['ignore']?.text).toBe('node_modules\n**/*.log\n# c\n');
  });

  test('their own ignore files count where they are named as the builder', async () => {
    tools.add(name, TOOL);
    context.write('.dockerignore', 'a\n');
    context.write('.containerignore', 'b\n');
    await build(context.request('registry.example/app', { ignoreFiles: 'containers' }));
    expect(buildCall()?.files['ignore']?.text).toBe('b\n');
    await build(context.request('registry.example/app', { ignoreFiles: 'docker' }));
    expect(buildCall()?.files['ignore']?.text).toBe('a\n');
  });

  test('the ignore file is the one that the content hash reads', async () => {
    tools.add(name, TOOL);
    await build(context.request('registry.example/app'));
    expect(buildCall()?.files['ignore']?.text).toBe('');
    context.write('.dockerignore', 'a');
    context.write('.containerignore', 'b');
    await build(context.request('registry.example/app'));
    expect(buildCall()?.argv).toEqual(
      expect.arrayContaining(['--ignorefile', join(context.folder, '.dockerignore')]),
    );
    context.write('Dockerfile.dockerignore', 'c');
    await build(context.request('registry.example/app'));
    expect(buildCall()?.argv).toEqual(
      expect.arrayContaining(['--ignorefile', `${context.dockerfile}.dockerignore`]),
    );
  });

  test('caches are repositories; others make it unavailable', async () => {
    tools.add(name, TOOL);
    const cacheFrom = ['type=registry,ref=r.example/cache', 'r.example/plain'];
    const cacheTo = ['type=registry,mode=max,ref=r.example/cache'];
    const request = context.request('registry.example/app', { cacheFrom, cacheTo });
    expect(await create({ env: tools.env }).unavailable(request)).toBeUndefined();
    await build(request);
    expect(buildCall()?.argv.join(' ')).toContain(
      '--layers --cache-from r.example/cache --cache-from r.example/plain --cache-to r.example/cache',
    );
    // An image of a layer cache may have been there before.
    expect(tools.callsOf('rmi')).toEqual([]);
    const gha = context.request('registry.example/app', { cacheFrom: ['type=gha,flag'] });
    expect(await create({ env: tools.env }).unavailable(gha)).toMatch(
      /^`build.cacheFrom`: .*; supported by buildx$/,
    );
  });

  test('a failed build reports the last lines, with redacted secrets, and removes its files', async () => {
    tools.add(
      name,
      `for (let i = 0; i < 30; i++) console.error('line ' + i);
       console.error('npm ERR! ${SECRET} and ${PASSWORD} and line-of-secret');
       return argv.includes('--file') ? 3 : 0;`,
    );
    const request = context.request('registry.example/app', {
      secrets: { npm: SECRET, pem: 'first\nline-of-secret\n' },
      registry: { username: 'u', password: PASSWORD, insecure: false },
      sensitive: ['line 29'],
    });
    const error = await build(request).catch((e: unknown) => e as Error);
    expect(error).toMatchObject({ code: 'BUILD_FAILED', property: 'build' });
    const { message } = error as Error;
    expect(message).toMatch(new RegExp(`\`${name} build\` failed with exit code 3`));
    expect(message).toContain('npm ERR! *** and *** and ***');
    expect(message).toContain('line 28\n***\nnpm');
    expect(message).not.toContain('line 5\n');
    expect(log).toHaveLength(31);
    expect(JSON.stringify([log, message])).not.toMatch(/npm-t0ken|p4ssw0rd|line-of-secret/);
    const argv = buildCall()?.argv ?? [];
    const folder = dirname(argv[argv.indexOf('--iidfile') + 1] ?? '');
    expect(folder).toMatch(/signed-image-build-/);
    expect(existsSync(folder)).toBe(false);
  });

  test('a failed push is reported on `image`', async () => {
    tools.add(name, `${TOOL} return argv.includes('push') ? 125 : 0;`);
    await expect(build(context.request('registry.example/app'))).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      property: 'image',
      message: expect.stringContaining(`${name} push`),
    });
  });

  test.each(['', 'sha256:short', 'latest'])('the digest %j is rejected', async (digest) => {
    tools.add(name, `${TOOL} if (flag('--digestfile')) write(flag('--digestfile'), '${digest}');`);
    await expect(build(context.request('registry.example/app'))).rejects.toMatchObject({
      code: 'BUILD_DIGEST_MISSING',
      property: 'build.builder',
    });
  });

  test('tidying up that fails stops nothing', async () => {
    tools.add(name, `${TOOL} return argv.includes('rm') || argv.includes('rmi') ? 1 : 0;`);
    const platforms = ['linux/amd64', 'linux/arm64'];
    expect((await build(context.request('r.example/app', { platforms }))).digest).toBe(DIGEST);
    expect(log.join()).toContain('cleanup failed');
  });
});
