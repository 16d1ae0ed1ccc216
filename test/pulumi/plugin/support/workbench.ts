import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import {
  type RunningRegistry,
  startRegistry,
  type StartRegistryOptions,
} from '../../../../dev/registry';
import { type RunningSigstore, startSigstore } from '../../../../dev/sigstore';
import { encryptPrivateKey } from '../../../../src/sign';
import type { CrudResource } from '../../../../src/pulumi/plugin/protocol/crud-resource';
import type { ResourceLog } from '../../../../src/pulumi/plugin/protocol/engine-log';
import {
  createPluginEnvironment,
  type PluginEnvironment,
} from '../../../../src/pulumi/plugin/environment';
import { createResources } from '../../../../src/pulumi/plugin/resources';
import {
  type Properties,
  reveal,
  toValue,
  type Value,
} from '../../../../src/pulumi/plugin/protocol/wire-value';

export type ResourceName = 'SigningPlan' | 'ImageBuild' | 'ImageSignature' | 'VerifiedImage';

/** A resource in the engine's state. */
export interface Record {
  readonly id: string;
  readonly inputs: Properties;
  readonly outputs: Properties;
}

export const PASSWORD = 'canary-workbench-key-password-7Qx';

/** The plugin's resources in this process, with a work tree, a registry and a Sigstore around them. */
export interface Workbench {
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly sigstore: RunningSigstore;
  readonly environment: PluginEnvironment;
  readonly publicKey: string;
  /** The log messages of the resources, in order. */
  readonly said: string[];
  readonly log: ResourceLog;
  resource(name: ResourceName): CrudResource;
  /** Checks; the problems as `property: message`. */
  problems(name: ResourceName, declared: object): Promise<readonly string[]>;
  /** Checks and creates, as an update of a new resource does. */
  create(name: ResourceName, declared: object): Promise<Record>;
  /** Checks and diffs; updates if something changed. */
  update(name: ResourceName, before: Record, declared: object): Promise<Updated>;
  /** Deletes what an earlier run made. */
  remove(name: ResourceName, record: Record): Promise<void>;
  /** Another process of the plugin, with empty caches. */
  restart(): Promise<void>;
  write(path: string, text: string): void;
  commit(): string;
  /** Requests that change the registry, since the last `clearRequests`. */
  writes(): readonly string[];
  close(): Promise<void>;
}

export interface Updated extends Record {
  readonly changed: readonly string[];
}

export async function openWorkbench(
  options: StartRegistryOptions = {},
  env: NodeJS.ProcessEnv = {},
): Promise<Workbench> {
  const folder = mkdtempSync(join(tmpdir(), 'signed-image-workbench-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.test', ...args], {
      cwd: folder,
      encoding: 'utf8',
    }).trim();
  const commit = (): string => {
    git('add', '-A');
    git('commit', '-q', '--allow-empty', '-m', 'a change');
    return git('rev-parse', 'HEAD');
  };
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('.gitignore', '*.key\n*.token\n*.json\n');
  write('app/Dockerfile', 'FROM scratch\nCOPY message.txt /message.txt\n');
  write('app/message.txt', 'hello\n');
  write('cosign.key', await encryptPrivateKey(pair.privateKey, PASSWORD, { cost: 32768 }));
  git('init', '-q', '-b', 'main');
  git('remote', 'add', 'origin', 'https://git.example.test/team/app.git');
  commit();

  const [registry, sigstore] = await Promise.all([startRegistry(options), startSigstore()]);
  await sigstore.writeTrustedRoot(join(folder, 'trusted_root.json'));
  const { PATH, HOME } = process.env;
  const start = () => {
    const world = inFolder(createPluginEnvironment({ PATH, HOME, ...env }, folder), folder);
    return { environment: world, resources: createResources(() => world) };
  };
  let plugin = start();
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const log = { debug: () => undefined, info: say, note: say, warn: say, status: say };
  const resource = (name: ResourceName): CrudResource => {
    const found = plugin.resources.find(({ type }) => type.endsWith(`:${name}`));
    if (!found) throw new Error(`no resource ${name}`);
    return found;
  };
  const urn = (name: ResourceName): string => `urn:pulumi:s::p::signed-image:index:${name}::app`;

  const checked = async (name: ResourceName, declared: object, olds: Properties) => {
    const news = toValue(declared) as Properties;
    return resource(name).check({ urn: urn(name), olds, news, log });
  };
  const accepted = async (name: ResourceName, declared: object, olds: Properties) => {
    const { inputs, problems } = await checked(name, declared, olds);
    if (problems.length > 0) throw new Error(problems.map(line).join('\n'));
    return inputs;
  };

  return {
    folder,
    registry,
    sigstore,
    get environment() {
      return plugin.environment;
    },
    publicKey: String(pair.publicKey.export({ type: 'spki', format: 'pem' })),
    said,
    log,
    resource,
    problems: async (name, declared) => (await checked(name, declared, {})).problems.map(line),
    create: async (name, declared) => {
      const inputs = await accepted(name, declared, {});
      const request = { urn: urn(name), inputs, preview: false, log };
      return { inputs, ...(await resource(name).create(request)) };
    },
    update: async (name, before, declared) => {
      const inputs = await accepted(name, declared, before.inputs);
      const olds = { oldInputs: before.inputs, oldOutputs: before.outputs };
      const common = { urn: urn(name), id: before.id, log };
      const { changed } = await resource(name).diff({ ...common, ...olds, news: inputs });
      if (changed.length === 0) return { ...before, changed };
      const outputs = await resource(name).update({ ...common, ...olds, inputs, preview: false });
      return { id: before.id, inputs, outputs, changed };
    },
    remove: (name, record) => {
      plugin.environment.uses.record(urn(name), '', []);
      return resource(name).delete({ urn: urn(name), ...record, log });
    },
    restart: async () => {
      await plugin.environment.close();
      plugin = start();
    },
    write,
    commit,
    writes: () =>
      registry.requests
        .filter(({ method }) => !['GET', 'HEAD'].includes(method))
        .map(({ method, path }) => `${method} ${path}`),
    close: async () => {
      await plugin.environment.close();
      await Promise.all([registry.close(), sigstore.close()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A plugin's relative paths start in its working folder, which is the program's. */
function inFolder(environment: PluginEnvironment, folder: string): PluginEnvironment {
  const { host } = environment;
  return {
    ...environment,
    host: {
      ...host,
      readFile: (path) => host.readFile(path.startsWith('/') ? path : join(folder, path)),
    },
  };
}

const line = ({ property, message }: { property: string; message: string }): string =>
  `${property}: ${message}`;

/** A property of a record, in the clear. */
export function plain(properties: Properties, name: string): unknown {
  return reveal((properties[name] ?? null) as Value);
}
