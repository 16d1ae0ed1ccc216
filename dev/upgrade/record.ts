import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { join } from 'node:path';

import { type Declared, openStage, secret, type Stage } from '../../test/engine/support/stage';
import { pushImage, pushIndex } from '../../test/interop/support/images';
import { enginesUnderTest } from '../engine/under-test';
import { releaseVersion } from '../release/plugin-files';
import {
  dumpRegistry,
  PASSPHRASE,
  type RecordedState,
  REGISTRY_PORT,
  STACK,
  STATES,
} from './recorded-state';

const IDENTITY = 'https://ci.example.test/team/app/release.yml@refs/heads/main';
const ISSUER = 'https://ci.example.test';

/** The files that the program reads, from the project's folder. The token of the job is not one of them. */
const FILES = ['index.js', 'declared.json', 'cosign.key', 'app/Dockerfile', 'app/message.txt'];

/**
 * All kinds of resources, and inputs that were or may become stored in another form; and what is declared after the
 * first update, because it needs the signatures.
 */
async function declarations(
  stage: Stage,
  engine: 'local' | 'real',
): Promise<readonly [Declared, Declared]> {
  const { registry, sigstore } = stage;
  const { fulcioUrl, rekorUrl } = sigstore;
  const trustedRoot = JSON.stringify(sigstore.trustedRoot);
  const key = { ref: stage.key.ref, password: secret(stage.key.password) };
  const build = { context: 'app' };
  const existing = await pushImage(registry.host);
  const identity = {
    keyless: { tokenFile: stage.newToken('job', { subject: IDENTITY }).path },
    sigstore: { fulcioUrl, rekorUrl, trustedRoot },
  };
  const first: Declared = {
    use: 'remote',
    providers: { defaults: { annotations: { stage: 'production' }, format: 'both' } },
    images: {
      built: { image: `${registry.host}/built/app`, build, key, annotations: { team: 'web' } },
      existing: { image: existing.reference, key, provenance: { disabled: true } },
      legacy: { image: (await pushImage(registry.host)).reference, key, format: 'legacy' },
      index: { image: (await pushIndex(registry.host)).reference, key, deletion: 'signatures' },
      keyless: { image: (await pushImage(registry.host)).reference, ...identity },
      provided: { $provider: 'defaults', image: (await pushImage(registry.host)).reference, key },
    },
    // Kubernetes resources: the real engine needs a cluster for them.
    ...(engine === 'local' && {
      policies: {
        policy: {
          $type: 'KyvernoPolicy',
          identities: [{ identity: IDENTITY, issuer: ISSUER }],
          images: ['registry.example.com/team/*'],
        },
        admission: {
          $type: 'AdmissionPolicy',
          images: [`registry.example.com/team/app@sha256:${'a'.repeat(64)}`],
          namespaces: ['production'],
        },
      },
    }),
  };
  const checked = { image: existing.reference, keys: [stage.key.publicKey], always: true };
  return [first, { ...first, verified: { checked } }];
}

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** A recorded state is published: it must not name the machine. */
function assertPortable(text: string, stage: Stage): void {
  const { host } = stage.registry;
  const named = [stage.projectDir, stage.stateDir, homedir(), hostname(), process.cwd()];
  // A short name, such as that of a container, may also be a part of other text.
  const found = named.filter((value) => new RegExp(`(?<![\\w+/])${escape(value)}\\b`).test(text));
  const hosts = text.match(/\b\d+\.\d+\.\d+\.\d+\b/g) ?? [];
  found.push(...hosts.filter((address) => address !== '127.0.0.1'));
  if (found.length > 0) throw new Error(`the state contains ${found.join(', ')}`);
  if (!text.includes(host)) throw new Error(`the state does not contain ${host}`);
}

/** Positions in source files are paths of this machine, and only for messages. */
const withoutPositions = (state: string): string =>
  `${JSON.stringify(
    JSON.parse(state, (name, value: unknown) =>
      name === 'sourcePosition' || name === 'stackTrace' ? undefined : value,
    ),
    undefined,
    1,
  )}\n`;

async function record(engine: ReturnType<typeof enginesUnderTest>[number]): Promise<void> {
  const stage = await openStage({ port: REGISTRY_PORT });
  const folder = join(STATES, releaseVersion());
  try {
    const stack = stage.stack(engine, {}, undefined, { stack: STACK, passphrase: PASSPHRASE });
    for (const declared of await declarations(stage, engine.engine)) {
      stage.declare(declared);
      const run = await stack.up();
      if (!run.ok) throw new Error(`${engine.engine}: ${run.errors.join('\n')}`);
    }
    const state = withoutPositions(await stack.exportState());
    assertPortable(state, stage);
    const world: RecordedState = {
      files: Object.fromEntries(FILES.map((path) => [path, stage.read(path)])),
      registry: dumpRegistry(stage.registry.store),
      identity: { issuer: stage.sigstore.issuer.url, subject: IDENTITY },
    };
    mkdirSync(join(folder, engine.engine), { recursive: true });
    writeFileSync(join(folder, engine.engine, 'state.json'), state);
    writeFileSync(join(folder, engine.engine, 'world.json'), `${JSON.stringify(world)}\n`);
    console.log(`recorded ${releaseVersion()} on the ${engine.engine} engine`);
  } finally {
    await stage.close();
  }
}

/** Records the state of this version on each engine, for `test/engine/upgrade.test.ts` of later versions. */
async function main(): Promise<void> {
  const engines = enginesUnderTest();
  if (engines.length < 2) console.warn('only the local engine: put the Pulumi CLI on the PATH');
  rmSync(join(STATES, releaseVersion()), { recursive: true, force: true });
  for (const engine of engines) await record(engine);
}

void main();
