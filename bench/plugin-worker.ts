import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { PluginProcess } from '../dev/faults/plugin-process';
import type { RemoteResource } from '../dev/faults/remote-resource';
import { type Properties, Secret, toValue } from '../src/pulumi/plugin/protocol/wire-value';
import type { Signer } from './signer';
import type { Worker } from './worker';
import { BUILDER, KEY_PASSWORD, type World } from './world';

/** The compiled plugin in its own process, called over gRPC as the engine calls it. */
export interface PluginWorker extends Worker {
  /** The peak of its resident memory so far, in MB; `undefined` on systems without /proc. */
  peakMegabytes(): number | undefined;
  /** Keys derived from a password so far: outside of the main thread, and on it. */
  derivations(): { readonly aside: number; readonly blocking: number };
}

const FACTS = { builder: BUILDER, system: 'none', commit: '0a'.repeat(20) };
const BUILD = {
  builder: 'auto',
  context: '.',
  dockerfile: 'Dockerfile',
  startedOn: '2026-01-01T00:00:00Z',
  finishedOn: '2026-01-01T00:01:00Z',
};

let started = 0;

export async function startPluginWorker(world: World, signer: Signer): Promise<PluginWorker> {
  started += 1;
  const derived = join(world.folder, `derived-${started}`);
  const { PATH, HOME } = process.env;
  const preload = `--require ${JSON.stringify(join(__dirname, 'scrypt-count.cjs'))}`;
  const counting = { NODE_OPTIONS: preload, BENCH_SCRYPT_FILE: derived };
  const env = { PATH, HOME, BENCH_IDENTITY_TOKEN: signer.instance?.token, ...counting };
  const plugin = await PluginProcess.start({ env, folder: world.folder });
  const declared = declarations(world, signer);
  return {
    sign: (image, { provenance }) =>
      create(plugin, 'ImageSignature', image, {
        ...declared.signature,
        facts: FACTS,
        ...(provenance && { build: BUILD }),
      }),
    verify: (image, { provenance }) =>
      create(plugin, 'VerifiedImage', image, {
        ...declared.verification,
        ...(provenance && { provenance: { builderId: BUILDER } }),
      }),
    peakMegabytes: () => peakOf(plugin.pid),
    derivations: () => {
      const lines = existsSync(derived) ? readFileSync(derived, 'utf8').trim().split('\n') : [];
      const count = (name: string): number => lines.filter((line) => line === name).length;
      return { aside: count('scrypt'), blocking: count('scryptSync') };
    },
    close: async () => {
      await plugin.close();
      rmSync(derived, { force: true });
    },
  };
}

function declarations({ key, sigstore }: World, { keyless, instance }: Signer) {
  const trust = instance && { trustedRoot: instance.trustedRoot };
  const { fulcioUrl, ...logs } = instance?.declared ?? {};
  const services = { ...(keyless && { fulcioUrl }), ...logs, ...trust };
  return {
    signature: {
      ...(keyless
        ? { keyless: { tokenEnv: 'BENCH_IDENTITY_TOKEN' } }
        : { key: { ref: key.path, password: new Secret(KEY_PASSWORD) } }),
      ...(instance && { sigstore: services }),
      format: 'bundle',
    },
    verification: {
      ...(keyless
        ? { identities: [{ identity: instance?.identity, issuer: sigstore.issuer.url }] }
        : { keys: [key.publicKey] }),
      ...(trust && { sigstore: trust }),
      transparency: instance ? 'log' : 'none',
      format: 'bundle',
    },
  };
}

/** Calls `check` and `create`, as an update does for a new resource. */
async function create(
  plugin: PluginProcess,
  name: string,
  image: string,
  declared: object,
): Promise<void> {
  const resource = resourceOf(plugin, name);
  const urn = `urn:pulumi:bench::bench::signed-image:index:${name}::${image.split('@')[0] ?? ''}`;
  const news = toValue({ image, ...declared }) as Properties;
  const log = { debug: nothing, info: nothing, note: nothing, warn: nothing, status: nothing };
  const { inputs, problems } = await resource.check({ urn, olds: {}, news, log });
  const [problem] = problems;
  if (problem) throw new Error(`check of ${name} failed: ${problem.message}`);
  await resource.create({ urn, inputs, preview: false, log });
}

const nothing = (): void => undefined;

function resourceOf({ resources }: PluginProcess, name: string): RemoteResource {
  const found = resources.find(({ type }) => type.endsWith(`:${name}`));
  if (!found) throw new Error(`the plugin does not have a resource ${name}`);
  return found;
}

function peakOf(pid: number | undefined): number | undefined {
  const path = `/proc/${pid ?? 'none'}/status`;
  if (!existsSync(path)) return undefined;
  const [, kilobytes] = /VmHWM:\s+(\d+)/.exec(readFileSync(path, 'utf8')) ?? [];
  return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1024);
}
