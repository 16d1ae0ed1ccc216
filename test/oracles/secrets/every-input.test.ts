import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import * as pulumi from '@pulumi/pulumi';
import { isRpcSecret } from '@pulumi/pulumi/runtime/rpc';
import fc from 'fast-check';

import { type RunningRegistry, startRegistry } from '../../../dev/registry';
import { type RunningSigstore, startSigstore } from '../../../dev/sigstore';
import { pushImage } from '../../interop/support/images';
import { everyByteOf } from '../../engine/support/registry-content';
import { secretsIn } from '../../engine/support/secret-search';
import { inputCount, recordOracle } from '../support/tally';
import { type InputPath, inputPaths, withValue, wrapped } from './input-paths';
import { type Answer, type PluginClient, serialized, startPluginClient } from './plugin-client';
import { recordingBuilder } from './recording-builder';

/**
 * Judged by what is not ours: the SDK's serialisation says what is a secret, the kernel says what a
 * child was started with, and the registry and Sigstore say what they were sent.
 */
const CANARY = 'canary-2b7d9e';
const RUN = 600_000;
const PARALLEL = 8;

/** What a CI job may have in its environment, none of it for a builder. */
const CREDENTIALS = Object.fromEntries(
  ['RELEASE_KEY', 'COSIGN_PKCS11_PIN', 'BAO_TOKEN', 'GITLAB_TOKEN', 'AWS_SECRET_ACCESS_KEY'].map(
    (name) => [name, `${CANARY}-of-the-environment`],
  ),
);

let folder: string;
let registry: RunningRegistry;
let sigstore: RunningSigstore;
let plugin: PluginClient;
let builder: ReturnType<typeof recordingBuilder>;
let image: string;
let publicKey: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signed-image-oracle-'));
  const project = join(folder, 'project');
  mkdirSync(join(project, 'app'), { recursive: true });
  writeFileSync(join(project, 'app/Dockerfile'), 'FROM scratch\nARG SAMPLE\nCOPY f /f\n');
  writeFileSync(join(project, 'app/f'), 'file\n');
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(
    join(project, 'plain.key'),
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
  );
  publicKey = String(pair.publicKey.export({ type: 'spki', format: 'pem' }));
  writeFileSync(join(project, '.gitignore'), '*.key\n');
  const git = (...args: readonly string[]): unknown =>
    execFileSync('git', ['-c', 'user.name=o', '-c', 'user.email=o@example.test', ...args], {
      cwd: project,
    });
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  [registry, sigstore] = await Promise.all([startRegistry(), startSigstore()]);
  image = (await pushImage(registry.host)).reference;
  builder = recordingBuilder(folder);
  plugin = await startPluginClient(project, { ...CREDENTIALS, PATH: builder.path, HOME: folder });
}, RUN);
afterAll(async () => {
  await plugin.close();
  await Promise.all([registry.close(), sigstore.close()]);
  rmSync(folder, { recursive: true, force: true });
});

/** What each resource needs besides the input that is tried. */
const base = (resource: string, first?: string | number): Record<string, unknown> => {
  // One of the two is refused without the other.
  const registryLogin = { registry: { username: 'robot', password: 'of-the-base' } };
  return { ...needed(resource), ...(first === 'registry' && registryLogin) };
};
const needed = (resource: string): Record<string, unknown> => {
  const key = { ref: 'plain.key' };
  const build = { context: 'app', builder: 'buildah' };
  const repository = `${registry.host}/team/oracle`;
  if (resource === 'VerifiedImage') return { image, keys: [publicKey] };
  if (resource === 'ImageSignature') return { image, key };
  if (resource === 'ImageBuild') return { image: repository, build };
  return { image: repository, build, key };
};

type Mark = 'leaf' | 'parent' | 'top' | 'none';

interface Case {
  readonly path: InputPath;
  readonly mark: Mark;
  readonly text: string;
}

/** Positions of the canary in a text. */
const shape = fc
  .tuple(
    fc.constantFrom<(canary: string) => string>(
      (canary) => canary,
      (canary) => `https://host.test/${canary}`,
      (canary) => `https://ci:${canary}@git.example.test/app`,
      (canary) => `./${canary}/file`,
      (canary) => `{"a":"${canary}"}`,
      (canary) => `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`,
      (canary) => `first line\n${canary} "quoted"\n`,
      (canary) => `sha256:${canary}`,
      (canary) => `env://${canary}`,
    ),
    fc.stringMatching(/^[0-9a-f]{16}$/),
  )
  .map(([around, random]) => around(`${CANARY}${random}`));

/** Of the custom resources: every input, under each mark, as often as it takes. */
function cases(count: number): readonly Case[] {
  const paths = inputPaths().filter(({ resource }) => resource !== 'SignedImage');
  const marked = paths.flatMap((path) =>
    (['leaf', 'parent', 'top'] as const).map((mark) => ({ path, mark })),
  );
  // Secret by nature: what the schema declares as such, and a password in the address of a repository.
  const unmarked = paths
    .filter(({ steps }) => /password|secrets/.test(steps.join('.')))
    .map((path) => ({ path, mark: 'none' as const }));
  const all = [...marked, ...unmarked];
  const texts = fc.sample(shape, { numRuns: Math.max(count, all.length), seed: 20261126 });
  return texts.map((text, index) => ({
    ...(all[index % all.length] as (typeof all)[number]),
    text,
  }));
}

const lengthOf = ({ path: { steps }, mark }: Case): number =>
  mark === 'leaf' ? steps.length : mark === 'parent' ? Math.max(1, steps.length - 1) : 1;

function declare(each: Case): Promise<Answer['properties']> {
  const { steps, resource } = each.path;
  const plain = withValue(base(resource, steps[0]), steps, each.text);
  const marked =
    each.mark === 'none'
      ? plain
      : wrapped(plain, steps.slice(0, lengthOf(each)), (value) => pulumi.secret(value));
  return serialized(marked as object);
}

/** All parts of a wire value outside of a secret. */
function plainPart(value: unknown): unknown {
  if (isRpcSecret(value)) return 'secret';
  if (Array.isArray(value)) return value.map(plainPart);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, plainPart(each)]));
}

const shows = (text: string | Buffer): boolean => secretsIn(text, { CANARY }).length > 0;
const leaks = ({ properties, said }: Answer): boolean =>
  shows(JSON.stringify(plainPart(properties))) || shows(said.join('\n'));
const nameOf = ({ path, mark, text }: Case): string =>
  `${path.resource}.${path.steps.join('.')} (${mark}): ${text}`;

async function inTurns<Item>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const queue = [...items.entries()];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) await work(next[1], next[0]);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}

const urnOf = ({ path: { resource } }: Case, index: number): string =>
  `urn:pulumi:s::p::signed-image:index:${resource}::r${index}`;

/** All data that other services received: only the service for which an input is declared may receive it. */
function seenElsewhere(): Readonly<Record<string, boolean>> {
  const requests = registry.requests.map(
    ({ headers: { authorization: _own, ...headers }, ...rest }) =>
      JSON.stringify({ ...rest, headers }),
  );
  const services = sigstore.requests.flatMap(({ path, body }) => [path, body.toString('latin1')]);
  const runs = builder.runs();
  return {
    log: shows(plugin.lines.join('\n')),
    'requests to the registry': shows(requests.join('\n')),
    'requests to Sigstore': shows(services.join('\n')),
    'content of the registry': shows(everyByteOf(registry)),
    'transparency log': shows(Buffer.concat(sigstore.log.entries.map(({ body }) => body))),
    'command lines': shows(runs.map(({ commandLine }) => commandLine).join('\n')),
  };
}
const NOWHERE = {
  log: false,
  'requests to the registry': false,
  'requests to Sigstore': false,
  'content of the registry': false,
  'transparency log': false,
  'command lines': false,
};

test(
  'a secret in any input is in no plain input, problem, log or request after `check` and a preview',
  async () => {
    const all = cases(inputCount(2000, 400));
    const differences: string[] = [];
    await inTurns(all, async (each, index) => {
      const urn = urnOf(each, index);
      const checked = await plugin.check(urn, await declare(each));
      if (leaks(checked)) differences.push(nameOf(each));
      if (checked.said.length > 0 || checked.id !== '') return;
      if (Object.keys(checked.properties).length === 0) return;
      const planned = await plugin.create(urn, checked.properties, true);
      if (leaks(planned)) differences.push(`preview of ${nameOf(each)}`);
    });
    recordOracle('secret inputs, by the SDK and the services', all.length, differences.length);
    expect(differences).toEqual([]);
    expect(seenElsewhere()).toEqual(NOWHERE);
  },
  RUN,
);

/** A test in which everything is refused would show nothing. */
const ACCEPTED = [
  'ImageBuild.build.secrets.SAMPLE',
  'ImageBuild.registry.username',
  'ImageBuild.registry.password',
  'ImageSignature.key.password',
  'ImageSignature.registry.username',
  'ImageSignature.registry.password',
  'VerifiedImage.registry.username',
  'VerifiedImage.registry.password',
  'VerifiedImage.triggers.0',
];

test(
  'a secret in an input that is accepted stays out of all that is written, and of every other child',
  async () => {
    const paths = inputPaths().filter(
      ({ resource }) => !['SignedImage', 'SigningPlan'].includes(resource),
    );
    const accepted = paths
      .map((path, index): Case => ({ path, mark: 'leaf', text: `${CANARY}-written-${index}` }))
      // Services that do not exist are waited for; their addresses were tried above.
      .filter(({ path: { steps } }) => !/Url$/.test(String(steps.at(-1))));
    const differences: string[] = [];
    const taken: string[] = [];
    let written = 0;
    await inTurns(accepted, async (each, index) => {
      const urn = urnOf(each, 100_000 + index);
      const { said, properties } = await plugin.check(urn, await declare(each));
      if (said.length > 0) return;
      taken.push([each.path.resource, ...each.path.steps].join('.'));
      const created = await plugin.create(urn, properties, false);
      written += created.id === '' ? 0 : 1;
      const after = [created];
      if (created.id !== '') {
        after.push(await plugin.read(urn, properties, created));
        after.push(await plugin.diff(urn, properties, created));
      }
      if (after.some(leaks)) differences.push(nameOf(each));
    });
    recordOracle('secret inputs, written', accepted.length, differences.length);
    expect(taken).toEqual(expect.arrayContaining(ACCEPTED));
    expect(differences).toEqual([]);
    expect(written).toBeGreaterThan(3);
    expect(seenElsewhere()).toEqual(NOWHERE);
    // Build secrets are handed over by variables of the one process that builds.
    const matching = builder.runs().filter(({ environment }) => shows(environment));
    expect(matching.map(({ commandLine }) => commandLine.split('\0').includes('build'))).toEqual([
      true,
    ]);
    expect(matching[0]?.environment).toContain(`SIGNED_IMAGE_BUILD_SECRET_0=${CANARY}`);
  },
  RUN,
);

test(
  'a secret argument that the caller accepts is on no command line, and in no plain state or log',
  async () => {
    const accepted = 'canary-accepted-argument-5d0c';
    const urn = 'urn:pulumi:s::p::signed-image:index:ImageBuild::accepted';
    const before = builder.runs().length;
    const news = await serialized({
      ...base('ImageBuild'),
      build: { context: 'app', builder: 'buildah', args: { SAMPLE: pulumi.secret(accepted) } },
      nonsecret: ['build.args.SAMPLE'],
    });
    const checked = await plugin.check(urn, news);
    expect(checked.said).toEqual([]);
    const created = await plugin.create(urn, checked.properties, false);
    expect(created.id).not.toBe('');
    const isIn = (text: string): boolean => secretsIn(text, { accepted }).length > 0;
    for (const { properties } of [checked, created]) {
      expect(isIn(JSON.stringify(plainPart(properties)))).toBe(false);
    }
    expect(isIn(plugin.lines.join('\n'))).toBe(false);
    const runs = builder.runs();
    expect(runs.length).toBeGreaterThan(before);
    expect(runs.filter(({ commandLine }) => isIn(commandLine))).toEqual([]);
    const matching = runs.filter(({ environment }) => isIn(environment));
    expect(matching.map(({ commandLine }) => commandLine.split('\0').includes('build'))).toEqual([
      true,
    ]);
  },
  RUN,
);
