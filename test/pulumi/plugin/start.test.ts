import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { ResourceProviderClient } from '@pulumi/pulumi/proto/provider_grpc_pb';

import { startPlugin } from '../../../dev/engine/process/plugin';
import { RemoteResource } from '../../../dev/faults/remote-resource';
import { storeImage } from '../../../dev/load/image';
import { startRegistry } from '../../../dev/registry';
import { Empty, grpc } from '../../../src/pulumi/plugin/protocol/pulumi-grpc';
import { type Properties, Secret, toValue } from '../../../src/pulumi/plugin/protocol/wire-value';

const ROOT = resolve(__dirname, '../../..');
const OURS = { pkg: 'signed-image', folder: join(ROOT, 'plugin') };
const EMPTY = { pkg: 'empty', folder: join(ROOT, 'bench', 'empty-provider') };
/** Its program is not found by this name, as in `pulumi package add` of a folder: the SDK's runner runs the folder. */
const RUN_BY_SDK = { ...OURS, pkg: 'other' };

/** Names every file that the process loads, be it by `require` or by `import`. */
const RECORDER = `
import { registerHooks } from 'node:module';
import { appendFileSync } from 'node:fs';
registerHooks({
  load(url, context, next) {
    if (url.startsWith('file:')) appendFileSync(process.env.LOADED, url + '\\n');
    return next(url, context);
  },
});
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'start-'));
  await writeFile(join(folder, 'recorder.mjs'), RECORDER);
});
afterAll(() => rm(folder, { recursive: true }));

/** The files that a plugin has loaded when it has given these answers. */
async function loadedFor(
  plugin: typeof OURS,
  ask: (client: ResourceProviderClient, address: string) => Promise<unknown>,
): Promise<readonly string[]> {
  const record = join(folder, 'loaded');
  await writeFile(record, '');
  const { PATH } = process.env;
  const recorder = pathToFileURL(join(folder, 'recorder.mjs')).href;
  const { child, address } = await startPlugin({
    ...plugin,
    engine: '127.0.0.1:9',
    cwd: folder,
    env: { PATH, LOADED: record, NODE_OPTIONS: `--import ${recorder}` },
    onLine: () => undefined,
  });
  const client = new ResourceProviderClient(address, grpc.credentials.createInsecure());
  try {
    await ask(client, address);
    const urls = (await readFile(record, 'utf8')).split('\n').filter((url) => url !== '');
    return urls.map((url) => fileURLToPath(url)).filter((path) => !path.startsWith(folder));
  } finally {
    client.close();
    await child.stop();
  }
}

const pluginInfo = (client: ResourceProviderClient): Promise<unknown> =>
  new Promise((settle, reject) => {
    client.getPluginInfo(new Empty() as never, (error: Error | null, answer: unknown) =>
      error ? reject(error) : settle(answer),
    );
  });

/** Checks and creates a resource, as an update does for a new one. */
async function created(address: string, name: string, declared: object): Promise<void> {
  const resource = new RemoteResource(name, address);
  const urn = `urn:pulumi:test::test::signed-image:index:${name}::image`;
  const ignored = (): void => undefined;
  const log = { debug: ignored, info: ignored, note: ignored, warn: ignored, status: ignored };
  const news = toValue(declared) as Properties;
  try {
    const { inputs, problems } = await resource.check({ urn, olds: {}, news, log });
    expect(problems).toEqual([]);
    await resource.create({ urn, inputs, preview: false, log });
  } finally {
    resource.close();
  }
}

/** Which package a file is of, `undefined` for our own. */
function packageOf(path: string): string | undefined {
  const [, name] = /.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)/.exec(path) ?? [];
  return name;
}

const packagesOf = (paths: readonly string[]): ReadonlySet<string | undefined> =>
  new Set(paths.map(packageOf));

describe('the start of the plugin', () => {
  it('is by its own program, and needs no compiler', async () => {
    const packages = packagesOf(await loadedFor(OURS, pluginInfo));

    expect(packages).not.toContain('typescript');
  });

  // With the hooks that record what is loaded, ts-node does not start on Node 22. Without them it does.
  const onNode24 = Number(process.versions.node.split('.')[0]) >= 24 ? it : it.skip;
  onNode24('is by the runner of the SDK where its program cannot be started', async () => {
    const packages = packagesOf(await loadedFor(RUN_BY_SDK, pluginInfo));

    expect(packages).toContain('typescript');
  });

  it('loads no package that an empty provider does not load', async () => {
    const ours = packagesOf(await loadedFor(OURS, pluginInfo));
    const empty = packagesOf(await loadedFor(EMPTY, pluginInfo));

    expect(ours).toContain('@grpc/grpc-js');
    expect([...ours].filter((name) => !empty.has(name))).toEqual([]);
  });

  it('loads of our own no more than the server and its first answers', async () => {
    const loaded = await loadedFor(OURS, pluginInfo);
    const own = loaded.filter((path) => packageOf(path) === undefined);

    const compiled = (name: string): string => join('dist', 'pulumi', `${name}.js`);
    expect(own.map((path) => relative(ROOT, path)).sort()).toEqual([
      join('dist', 'error', 'index.js'),
      join('dist', 'error', 'signed-image-error.js'),
      join('dist', 'host', 'package-version.js'),
      join('dist', 'host', 'require-node.js'),
      join('dist', 'host', 'supported-node.js'),
      join('dist', 'plugin', 'main.js'),
      compiled('package'),
      compiled(join('plugin', 'configuration', 'configured-resources')),
      compiled(join('plugin', 'inputs', 'input-path')),
      compiled(join('plugin', 'plugin')),
      ...[
        'call-signal',
        'crud-failure',
        'crud-service',
        'detailed-diff',
        'engine-log',
        'engine-watch',
        'first-use',
        'partial-state',
        'pulumi-grpc',
        'server',
        'wire-value',
      ].map((name) => compiled(join('plugin', 'protocol', name))),
      compiled(join('plugin', 'resources')),
      join('plugin', 'pulumi-resource-signed-image'),
    ]);
  });
});

describe('signing and verifying', () => {
  it('load no more of the SDK than the start does, but its wire protocol: the whole takes 60 MB', async () => {
    const registry = await startRegistry();
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const publicPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const image = `${registry.host}/app@${storeImage(registry, 'app')}`;
    try {
      const atStart = new Set(await loadedFor(OURS, pluginInfo));
      const loaded = await loadedFor(OURS, async (_client, address) => {
        await created(address, 'ImageSignature', {
          image,
          key: { ref: new Secret(pem) },
          facts: { builder: 'https://ci.example.test', system: 'none', commit: '0a'.repeat(20) },
        });
        await created(address, 'VerifiedImage', { image, keys: [publicPem], transparency: 'none' });
      });

      const ofSdk = loaded.filter((path) => packageOf(path) === '@pulumi/pulumi');
      expect(loaded).toContain(join(ROOT, 'dist', 'sign', 'signing.js'));
      expect(ofSdk.filter((path) => !atStart.has(path) && !/[\\/]proto[\\/]/.test(path))).toEqual(
        [],
      );
      expect(packagesOf(loaded)).not.toContain('typescript');
    } finally {
      await registry.close();
    }
  });
});
