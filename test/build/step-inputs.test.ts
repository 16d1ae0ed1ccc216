import { readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import {
  type Builder,
  type BuildRequest,
  buildahBuilder,
  buildxBuilder,
  dockerBuilder,
  podmanBuilder,
} from '../../src/build';
import type { BuilderDeps, NamedContexts } from '../../src/build';
import { FakeTools } from './fake-tools';
import { Context, DIGEST } from './requests';

/** The command lines of the inputs that apply to the steps; test/builders runs them on real engines. */

const IMAGE = `sha256:${'1'.repeat(64)}`;
const ENGINE = `
  if (argv[0] === 'buildx' && argv[1] === 'inspect') console.log('Driver: remote');
  if (argv.includes('inspect') && argv[0] !== 'buildx')
    console.log('[{"Os":"linux","Architecture":"amd64","Config":{},"RepoDigests":["x@${DIGEST}"]}]');
  if (flag('--iidfile')) write(flag('--iidfile'), '${IMAGE}');
  if (flag('--digestfile')) write(flag('--digestfile'), '${DIGEST}');
  if (flag('--metadata-file')) write(flag('--metadata-file'), '{"containerimage.digest":"${DIGEST}"}');
  if (argv[0] === 'push') console.log('v1: digest: ${DIGEST} size: 528');
`;

let tools: FakeTools;
let context: Context;
beforeEach(() => {
  tools = new FakeTools();
  context = new Context('FROM r.example/base\nCOPY hello /hello\n');
  for (const tool of ['docker', 'podman', 'buildah']) tools.add(tool, ENGINE);
});
afterEach(() => {
  tools.remove();
  context.remove();
});

type Create = (deps: BuilderDeps) => Builder;
const CREATE: readonly [string, Create][] = [
  ['buildx', buildxBuilder],
  ['docker', dockerBuilder],
  ['podman', podmanBuilder],
  ['buildah', buildahBuilder],
];

const buildLine = async (create: Create, further: Partial<BuildRequest>): Promise<string> => {
  const request = context.request('registry.example/app:v1', further);
  await create(tools).build(request, () => undefined);
  return (
    tools
      .callsOf('build')
      .findLast(({ argv }) => argv.includes('--file'))
      ?.argv.join(' ') ?? ''
  );
};

test.each(CREATE)('%s gets the inputs of the steps', async (_name, create) => {
  const line = await buildLine(create, {
    noCache: true,
    network: 'host',
    addHosts: { b: '::1', a: '192.0.2.1' },
    ssh: [
      { id: 'default', paths: [] },
      { id: 'deploy', paths: ['/k/one', '/k/two'] },
    ],
  });
  expect(line).toContain(
    ' --no-cache --network host --add-host a:192.0.2.1 --add-host b:::1 --ssh default --ssh deploy=/k/one,/k/two ',
  );
});

test.each(CREATE)(
  '%s gets named contexts, and does not pull an image that one replaces',
  async (name, create) => {
    const contexts: NamedContexts = {
      shared: { kind: 'folder', path: context.folder },
      'r.example/base:latest': { kind: 'image', image: 'r.example/other:1' },
    };
    expect(await buildLine(create, { contexts })).toContain(
      ` --build-context r.example/base:latest=docker-image://r.example/other:1 --build-context shared=${context.folder} `,
    );
    const pulled = tools.callsOf('pull').map(({ argv }) => argv.at(-1));
    expect(pulled).toEqual(name === 'buildx' ? [] : ['r.example/other:1']);
  },
);

test.each([
  ['podman', podmanBuilder],
  ['buildah', buildahBuilder],
])(
  '%s is not used for a named context with an ignore file, which it does not read',
  async (name, create) => {
    context.write('shared/.dockerignore', 'x\n');
    const contexts: NamedContexts = {
      shared: { kind: 'folder', path: `${context.folder}/shared` },
    };
    const request = context.request('r.example/app', { contexts });
    expect(await create(tools).unavailable(request)).toMatch(
      new RegExp(`^\`build.contexts\`: ${name} does not read .*shared/.dockerignore`),
    );
  },
);

test('the BuildKit of Docker 20.10 has no named contexts', async () => {
  const request = context.request('r.example/app', {
    contexts: { base: { kind: 'image', image: 'r.example/other:1' } },
  });
  const why = async (version: string) => {
    tools.add(
      'docker',
      `if (argv[0] === 'version') console.log('${version}'); if (argv[1] === 'inspect') console.log('Driver: docker');`,
    );
    return buildxBuilder(tools).unavailable(request);
  };
  expect(await why('20.10.24+dfsg1')).toMatch(/require Docker 23 or later, and the daemon is 20/);
  expect(await why('28.2.2')).toBeUndefined();
});

test.each(CREATE)('%s gets the target of a Dockerfile that is a link', async (_name, create) => {
  const link = join(tools.folder, 'Linked');
  symlinkSync(context.dockerfile, link);
  expect(await buildLine(create, { dockerfile: link })).toContain(
    `--file ${realpathSync(context.dockerfile)} `,
  );
});

test('buildx gets a context whose name is ASCII, which is the declared folder', async () => {
  tools.add(
    'docker',
    `${ENGINE} if (argv[1] === 'build') write('${tools.folder}/seen', fs.realpathSync(argv.at(-1)));`,
  );
  context.write('ordner-ü/hello', 'x');
  const folder = join(context.folder, 'ordner-ü');
  const line = await buildLine(buildxBuilder, { context: folder });
  expect(line).toMatch(/\/context-[0-9a-f]{16}$/);
  expect(readFileSync(join(tools.folder, 'seen'), 'utf8')).toBe(realpathSync(folder));
  expect(await buildLine(buildxBuilder, {})).toMatch(
    new RegExp(`${realpathSync(context.folder)}$`),
  );
});

test.each(CREATE)('%s gets no flag of an input that is not declared', async (_name, create) => {
  const line = await buildLine(create, {
    pull: false,
    noCache: false,
    sbom: false,
    addHosts: {},
    contexts: {},
  });
  expect(line).not.toMatch(/--(?:pull|no-cache|network|build-context|add-host|ssh|sbom)/);
});

test.each(CREATE)('%s resolves the bases itself with `pull`', async (name, create) => {
  const line = await buildLine(create, { pull: true });
  expect(line).toMatch(name === 'buildx' || name === 'docker' ? / --pull / : / --pull=always /);
  expect(tools.callsOf('pull')).toEqual([]);
});

test('buildx attaches an SBOM', async () => {
  expect(await buildLine(buildxBuilder, { sbom: true })).toContain(' --sbom=true ');
});

test('podman cannot be without a network in chroot isolation', async () => {
  const request = context.request('r.example/app', { network: 'none' });
  const why = (isolation: string) =>
    podmanBuilder({ env: { ...tools.env, BUILDAH_ISOLATION: isolation } }).unavailable(request);
  expect(await why('chroot')).toMatch(/^`build.network`: podman .*BUILDAH_ISOLATION/);
  expect(await why('oci')).toBeUndefined();
});

test('a failure of crun on hybrid cgroups says what helps', async () => {
  tools.add(
    'podman',
    `if (argv[0] === 'build' && argv.includes('--file')) { console.error('error running container: from /usr/bin/crun creating container for [/bin/sh -c true]: cgroups in hybrid mode not supported, drop all controllers from cgroupv2'); return 1; }`,
  );
  await expect(buildLine(podmanBuilder, {})).rejects.toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringMatching(
      /failed with exit code 1: .*`BUILDAH_ISOLATION=chroot`.*\n/,
    ) as string,
  });
});

test.each([
  ['{"InsecureRegistryCIDRs":["127.0.0.0/8"],"IndexConfigs":{"docker.io":{"Secure":true}}}', true],
  ['{"InsecureRegistryCIDRs":["::1/128","127.0.0.0/8"],"IndexConfigs":{}}', true],
  [
    '{"InsecureRegistryCIDRs":["127.0.0.0/8"],"IndexConfigs":{"registry.example":{"Secure":false}}}',
    false,
  ],
  ['{"InsecureRegistryCIDRs":["10.0.0.0/8"],"IndexConfigs":{}}', false],
  ['null', true],
  ['not JSON', false],
])(
  'docker with the registry configuration %s: a note before the build: %s',
  async (info, isNoted) => {
    tools.add('docker', `if (argv[0] === 'info') console.log('${info}'); ${ENGINE}`);
    const noted: string[] = [];
    const request = context.request('registry.example/app:v1', { registry: { insecure: true } });
    await dockerBuilder(tools).build(
      request,
      (line, kind) => void (kind === 'note' && noted.push(line)),
    );
    expect(
      noted.some((line) => /insecure-registries do not list registry\.example/.test(line)),
    ).toBe(isNoted);
  },
);
