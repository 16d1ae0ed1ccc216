import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Builder, type BuildRequest, buildxBuilder, dockerBuilder } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

const PASSWORD = 'canary-p4ssw0rd-of-the-registry';
const SECRET = 'canary-npm-t0ken-value';
const IMAGE = `sha256:${'1'.repeat(64)}`;
const OTHER = `sha256:${'e'.repeat(64)}`;

/** Simulates docker: the buildx driver, metadata of buildx, the digest of a push. */
const docker = (driver: string, store = 'overlay2', architecture = 'amd64') => `
  if (argv[0] === 'version') console.log('28.2.2');
  if (argv[0] === 'info') console.log('[["driver-type","${store}"]]');
  if (argv[0] === 'image' && argv[1] === 'inspect')
    console.log('[{"Os":"linux","Architecture":"${architecture}","Config":{},"RepoDigests":["x@${OTHER}"]}]');
  if (argv[0] === 'buildx' && argv[1] === 'inspect') console.log('Name:   x\\nDriver: ${driver}\\n\\nNodes:\\nName: y');
  if (flag('--iidfile')) write(flag('--iidfile'), '${IMAGE}');
  if (flag('--metadata-file')) write(flag('--metadata-file'), '{"containerimage.digest":"${DIGEST}"}');
  if (argv[0] === 'push') console.log('abc: Pushed\\nv1: digest: ${OTHER} size: 528');
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

const build = (builder: Builder, request: BuildRequest) =>
  builder.build(request, (line) => log.push(line));
const buildCall = () => tools.callsOf('build').at(-1);
const line = () => buildCall()?.argv.join(' ') ?? '';

describe('buildx', () => {
  test('pushes with BuildKit, the digest from the metadata file', async () => {
    tools.add('docker', docker('docker-container'));
    const request = context.request('registry.example/team/app:v1', {
      target: 'final',
      args: { A: '1' },
      labels: { l: 'x' },
      platforms: ['linux/amd64', 'linux/arm64'],
      cacheFrom: ['type=gha'],
      cacheTo: ['type=gha,mode=max'],
      buildxBuilder: 'remote',
    });
    const builder = buildxBuilder({ env: tools.env });
    expect(await builder.unavailable(request)).toBeUndefined();
    expect(await build(builder, request)).toMatchObject({
      digest: DIGEST,
      builder: 'buildx',
      tag: 'v1',
    });
    expect(line()).toMatch(/^buildx build --builder remote --progress plain --file /);
    expect(line()).toContain(
      '--target final --build-arg A --label l=x --platform linux/amd64,linux/arm64 ' +
        '--cache-from type=gha --cache-to type=gha,mode=max --metadata-file ',
    );
    expect(line()).toMatch(
      new RegExp(`--tag registry\\.example/team/app:v1 --push ${context.folder}$`),
    );
    expect(buildCall()?.env['BUILDX_NO_DEFAULT_ATTESTATIONS']).toBe('1');
    expect(tools.callsOf('push')).toEqual([]);
    expect(tools.callsOf('inspect').at(-1)?.argv).toEqual(['buildx', 'inspect', 'remote']);
  });

  test('an insecure registry is passed to BuildKit', async () => {
    tools.add('docker', docker('kubernetes'));
    await build(
      buildxBuilder({ env: tools.env }),
      context.request('registry.example/app', { registry: { insecure: true } }),
    );
    expect(line()).toContain('--output type=registry,registry.insecure=true');
    expect(log).toEqual([]);
    const registry = { insecure: true, caFile: 'ca.pem' };
    await build(
      buildxBuilder({ env: tools.env }),
      context.request('registry.example/app', { registry }),
    );
    expect(line()).toContain('--push');
    expect(log).toEqual([expect.stringMatching(/caFile.*BuildKit/)]);
  });

  test('a daemon without the entitlement network.host is named', async () => {
    tools.add(
      'docker',
      `${docker('remote')} if (argv[1] === 'build') {
         console.error('ERROR: failed to solve: granting entitlement network.host is not allowed by build daemon configuration');
         return 1;
       }`,
    );
    await expect(
      build(
        buildxBuilder({ env: tools.env }),
        context.request('registry.example/app', { network: 'host' }),
      ),
    ).rejects.toMatchObject({
      code: 'BUILD_FAILED',
      property: 'build.network',
      message: expect.stringContaining('--allow-insecure-entitlement network.host'),
    });
  });

  test('file names that are not UTF-8 are refused with containerd’s store', async () => {
    tools.add('docker', docker('docker', 'io.containerd.snapshotter.v1'));
    const name = Buffer.concat([Buffer.from(join(context.folder, 'latin1-')), Buffer.of(0xfc)]);
    const builder = buildxBuilder({ env: tools.env });
    const request = context.request('registry.example/app');
    expect(await builder.unavailable(request)).toBeUndefined();
    writeFileSync(name, '');
    expect(await builder.unavailable(request)).toMatch(
      /^`build.context`: .* does not support file names that are not UTF-8; .* \(latin1-\\xfc: rename it/,
    );
    context.write('.dockerignore', 'latin1-*\n');
    expect(await builder.unavailable(request)).toBeUndefined();
  });

  test('secrets come by variables, never by arguments', async () => {
    tools.add('docker', docker('remote'));
    await build(
      buildxBuilder({ env: tools.env }),
      context.request('registry.example/app', { secrets: { npm: SECRET } }),
    );
    expect(line()).toContain('--secret id=npm,env=SIGNED_IMAGE_BUILD_SECRET_0');
    expect(line()).not.toContain(SECRET);
    expect(buildCall()?.env['SIGNED_IMAGE_BUILD_SECRET_0']).toBe(SECRET);
  });

  test('with the docker driver the daemon pushes and reports the digest', async () => {
    tools.add('docker', docker('docker'));
    const builder = buildxBuilder({ env: tools.env });
    const result = await build(builder, context.request('registry.example/app:v1'));
    expect(result.digest).toBe(OTHER);
    expect(line()).toContain('--load');
    // Another job can move the declared tag in the daemon between the build and the push.
    const own = `registry.example/app:${result.pushedTag}`;
    expect(own).toMatch(/:build-\w+-[0-9a-f]{8}$/);
    expect(line()).toContain(`--tag ${own} `);
    expect(tools.callsOf('push').map(({ argv }) => argv)).toEqual([['push', own]]);
    expect(tools.callsOf('tag').at(-1)?.argv).toEqual([
      ...['image', 'tag', IMAGE, 'registry.example/app:v1'],
    ]);
    expect(tools.callsOf('rm').at(-1)?.argv).toEqual(['image', 'rm', '--no-prune', own]);
  });

  test('with containerd’s store the docker driver pushes itself', async () => {
    tools.add('docker', docker('docker', 'io.containerd.snapshotter.v1'));
    const builder = buildxBuilder({ env: tools.env });
    const request = context.request('registry.example/app', {
      platforms: ['linux/amd64', 'linux/arm64'],
    });
    expect(await builder.unavailable(request)).toBeUndefined();
    expect((await build(builder, request)).digest).toBe(DIGEST);
  });

  test('the docker driver alone is unavailable for several platforms', async () => {
    tools.add('docker', docker('docker'));
    const builder = buildxBuilder({ env: tools.env });
    const platforms = ['linux/amd64', 'linux/arm64'];
    const why = await builder.unavailable(context.request('registry.example/app', { platforms }));
    expect(why).toMatch(
      /`build.platforms`: buildx with the driver docker does not .*docker-container.*buildxBuilder/,
    );
    expect(await builder.unavailable(context.request('registry.example/app'))).toBeUndefined();
  });

  test('is unavailable without docker, plug-in, builder or daemon, and reports the reason', async () => {
    const why = () =>
      buildxBuilder({ env: tools.env }).unavailable(
        context.request('registry.example/app', { buildxBuilder: 'b' }),
      );
    expect(await why()).toMatch(/docker is not installed/);
    tools.add('docker', `console.error('unknown command'); return 1;`);
    expect(await why()).toMatch(/buildx plugin of docker is not installed/);
    tools.add(
      'docker',
      `if (argv[1] === 'inspect') { console.error('ERROR: no builder "b" found'); return 1; }`,
    );
    expect(await why()).toBe('ERROR: no builder "b" found');
    tools.add(
      'docker',
      `${docker('docker')} if (argv[0] === 'version') { console.error('Cannot connect to the Docker daemon'); return 1; }`,
    );
    expect(await why()).toBe('Cannot connect to the Docker daemon');
  });

  test.each([
    ['is missing', `if (flag('--metadata-file')) fs.rmSync(flag('--metadata-file'));`],
    ['is not JSON', `if (flag('--metadata-file')) write(flag('--metadata-file'), 'oops');`],
    ['has no digest', `if (flag('--metadata-file')) write(flag('--metadata-file'), '{}');`],
  ])('metadata that %s is an error, and the tag is not resolved', async (_, script) => {
    tools.add('docker', docker('remote') + script);
    await expect(
      build(buildxBuilder({ env: tools.env }), context.request('registry.example/app:v1')),
    ).rejects.toMatchObject({ code: 'BUILD_DIGEST_MISSING' });
  });
});

describe('docker', () => {
  test('builds with the classic builder, the digest from the push', async () => {
    tools.add('docker', docker('docker', 'overlay2', 'arm64'));
    const builder = dockerBuilder({ env: tools.env });
    const request = context.request('registry.example:5000/app', {
      platforms: ['linux/arm64'],
      cacheFrom: ['type=registry,ref=r.example/cache'],
      registry: { insecure: false, caFile: 'ca.pem' },
    });
    expect(await builder.unavailable(request)).toBeUndefined();
    const result = await build(builder, request);
    expect(result).toMatchObject({ digest: OTHER, builder: 'docker' });
    const target = `registry.example:5000/app:${result.tag}`;
    expect(line()).toContain(
      `build --force-rm --file ${context.dockerfile} --platform linux/arm64 --cache-from r.example/cache ` +
        `--tag ${target} --iidfile `,
    );
    expect(buildCall()?.env['DOCKER_BUILDKIT']).toBe('0');
    // The tag was made up by us, so it is taken away again.
    expect(tools.callsOf('rm').at(-1)?.argv).toEqual(['image', 'rm', '--no-prune', target]);
    expect(log.join()).toMatch(
      /caFile.*docker daemon.*\/etc\/docker\/certs\.d\/registry\.example:5000/,
    );
  });

  test('a push that does not report a digest is an error', async () => {
    tools.add('docker', docker('docker').replace('digest: ', ''));
    await expect(
      build(dockerBuilder({ env: tools.env }), context.request('registry.example/app:v1')),
    ).rejects.toMatchObject({ code: 'BUILD_DIGEST_MISSING' });
  });

  test('its output is shown without escape sequences, which cannot hide a part of a secret either', async () => {
    // The classic builder prints the standard error of a step in red.
    tools.add(
      'docker',
      `if (argv[0] === 'build') {
        console.log('\\x1b[91mstep failed');
        console.log('\\x1b[0m${SECRET.slice(0, 9)}\\x1b[1m${SECRET.slice(9)}');
        return 1;
      }`,
    );
    const request = context.request('registry.example/app:v1', { secrets: { npm: SECRET } });
    const error: unknown = await build(dockerBuilder({ env: tools.env }), request).catch(
      (reason: unknown) => reason,
    );
    const shown = [...log, String(error)].join('\n');
    expect(shown).toMatch(/; its last output:\nstep failed\n\*\*\*/);
    expect(shown).not.toContain('\x1b');
    expect(shown).not.toContain(SECRET);
  });

  test('an image for another platform than the declared one is not pushed', async () => {
    tools.add('docker', docker('docker'));
    const request = context.request('registry.example/app', { platforms: ['linux/arm64'] });
    await expect(build(dockerBuilder({ env: tools.env }), request)).rejects.toMatchObject({
      code: 'BUILD_RESULT_MISMATCH',
      property: 'build.platforms',
      message: expect.stringContaining('an image for linux/amd64 was built'),
    });
    expect(tools.callsOf('push')).toEqual([]);
    expect(tools.callsOf('rm')).toHaveLength(1);
  });

  test('a tag that another build moved before the push is an error', async () => {
    tools.add('docker', docker('docker').replace(`x@${OTHER}`, `x@${DIGEST}`));
    await expect(
      build(dockerBuilder({ env: tools.env }), context.request('registry.example/app:v1')),
    ).rejects.toMatchObject({
      code: 'BUILD_RESULT_MISMATCH',
      property: 'image',
      message: expect.stringContaining('is not the image of this build'),
    });
  });

  test.each([
    [
      { platforms: ['linux/amd64', 'linux/arm64'] },
      /^`build.platforms`: docker does not support several platforms; supported by buildx with/,
    ],
    [{ secrets: { a: 'secret' } }, /^`build.secrets`: .*; supported by buildx, podman, buildah$/],
    [
      { cacheTo: ['type=inline'] },
      /^`build.cacheTo`: docker does not support a cache in the image/,
    ],
    [{ cacheFrom: ['type=gha'] }, /^`build.cacheFrom`: .*supported by buildx$/],
  ])('is unavailable for %j', async (further, why) => {
    tools.add('docker', docker('docker'));
    const request = context.request('registry.example/app', further);
    expect(await dockerBuilder({ env: tools.env }).unavailable(request)).toMatch(why);
  });

  test('is unavailable where it would send more than the content hash covers', async () => {
    tools.add('docker', docker('docker'));
    context.write('Dockerfile.dockerignore', 'x');
    const request = context.request('registry.example/app');
    expect(await dockerBuilder({ env: tools.env }).unavailable(request)).toMatch(
      /Dockerfile\.dockerignore/,
    );
  });

  test('a login is laid over the user’s own configuration, in a private file', async () => {
    tools.add('docker', docker('docker'));
    const own = join(tools.home, '.docker');
    mkdirSync(own);
    writeFileSync(
      join(own, 'config.json'),
      JSON.stringify({ auths: { 'base.example': {} }, credsStore: 'desktop', currentContext: 'c' }),
    );
    const registry = { username: 'robot', password: PASSWORD, insecure: false };
    const builder = dockerBuilder({ env: tools.env });
    await build(builder, context.request('registry.example/app', { registry }));
    const call = buildCall();
    const auth = Buffer.from(`robot:${PASSWORD}`).toString('base64');
    expect(call?.files['config']?.mode).toBe(0o600);
    expect(JSON.parse(call?.files['config']?.text ?? '')).toEqual({
      auths: { 'base.example': {}, 'registry.example': { auth } },
      credsStore: 'desktop',
      credHelpers: { 'registry.example': '' },
      currentContext: 'c',
      cliPluginsExtraDirs: [join(own, 'cli-plugins')],
    });
    expect(call?.env['BUILDX_CONFIG']).toBe(join(own, 'buildx'));
    expect(JSON.stringify([call?.argv, call?.env])).not.toContain(PASSWORD);

    await build(builder, context.request('team/app', { registry }));
    expect(buildCall()?.files['config']?.text).toContain('https://index.docker.io/v1/');
    await build(builder, context.request('registry.example/app'));
    expect(buildCall()?.env).not.toHaveProperty('DOCKER_CONFIG');
  });
});
