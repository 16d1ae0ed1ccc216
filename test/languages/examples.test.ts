import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type EngineUnderTest, localEngine } from '../../dev/engine/under-test';
import { type RunningSigstore, startSigstore } from '../../dev/sigstore';
import { pushImage } from '../interop/support/images';
import { command } from './support/command';
import { copyExample } from './support/example';
import { GO } from './support/go';
import { JAVA, WITHOUT_JAVA } from './support/java';
import { PYTHON } from './support/python';
import { openWorld, PASSWORD, ROOT, SDK, type World } from './support/world';
import { YAML } from './support/yaml';

const MINUTES = 60_000;
const IDENTITY = 'https://ci.example/team/app/.ci/release.yml@refs/heads/main';

let world: World;
let sigstore: RunningSigstore;
beforeAll(async () => {
  world = await openWorld();
  sigstore = await startSigstore();
}, 15 * MINUTES);
afterAll(async () => {
  if (world !== undefined) JAVA.uninstall?.(world);
  await sigstore?.close();
  await world?.close();
});

type Config = Readonly<Record<string, string>>;

async function signedByKey(): Promise<Config> {
  const { reference } = await pushImage(world.registry.host);
  const { privateKey, publicKey } = world.key;
  // Not synchronously: the registry answers in this process.
  await command(
    world.folder,
    [
      ...([world.cosign, 'sign', '--key', privateKey] as const),
      ...['--use-signing-config=false', '--tlog-upload=false'],
      ...['--allow-http-registry', '--yes', reference],
    ],
    { COSIGN_PASSWORD: PASSWORD },
  );
  return { image: reference, publicKey };
}

async function ofIdentity(project: string): Promise<Config> {
  const { reference } = await pushImage(world.registry.host);
  const tokenFile = join(project, 'job.token');
  writeFileSync(tokenFile, sigstore.issuer.token({ subject: IDENTITY }));
  const { fulcioUrl, rekorUrl } = sigstore;
  const trustedRoot = join(project, 'trusted-root.json');
  await sigstore.writeTrustedRoot(trustedRoot);
  return { image: reference, tokenFile, fulcioUrl, rekorUrl, trustedRoot };
}

/** The build is of the project's commit. */
async function ofBuild(project: string): Promise<Config> {
  const git = (...args: readonly string[]) =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.test', ...args], {
      cwd: project,
    });
  writeFileSync(join(project, '.gitignore'), 'venv\n__pycache__\n.mypy_cache\ntarget\n.mvn\n');
  git('init', '-q', '-b', 'main');
  git('add', '-A');
  git('commit', '-q', '-m', 'first');
  return { image: `${world.registry.host}/team/hello:latest`, key: world.key.privateKey };
}

const CONFIGS = { quickstart: ofBuild, keyless: ofIdentity, 'verified-image': signedByKey };

const examples = [
  { language: PYTHON, suffix: 'python', names: ['quickstart', 'keyless', 'verified-image'] },
  { language: GO, suffix: 'go', names: ['quickstart', 'keyless', 'verified-image'] },
  { language: YAML, suffix: 'yaml', names: ['quickstart', 'keyless', 'verified-image'] },
  ...(WITHOUT_JAVA === undefined
    ? [{ language: JAVA, suffix: 'java', names: ['quickstart'] } as const]
    : []),
] as const;

const rows = examples.flatMap(({ language, suffix, names }) =>
  names.map((name) => ({ example: `${name}-${suffix}`, name, language })),
);

it.each(rows)(
  '$example deploys what it verified, once, and is destroyed',
  async ({ example, name, language }) => {
    const project = join(world.folder, example);
    copyExample(example, project, world);
    await language.install?.(project, world);
    const engine: EngineUnderTest = localEngine({
      projectDir: project,
      dir: `${project}-state`,
      env: world.env,
      schemas: world.schemas,
    });
    for (const [key, value] of Object.entries(await CONFIGS[name](project)))
      await engine.setConfig(key, value);
    await engine.setConfig('keyPassword', { secret: PASSWORD });

    const update = await engine.up();
    if (!update.ok) throw new Error([...update.errors, update.logs].join('\n'));
    const { imageRef, digest } = await engine.outputs();
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(String(imageRef).endsWith(`@${String(digest)}`)).toBe(true);
    if (name !== 'keyless') {
      const deployed = update.steps.filter(({ type }) => type.endsWith(':Deployment'));
      expect(deployed).toMatchObject([{ op: 'create' }]);
    }
    const again = await engine.up();
    expect(again.steps.filter(({ op }) => op !== 'same')).toEqual([]);
    expect((await engine.destroy()).ok).toBe(true);
  },
  20 * MINUTES,
);

it('the generated C# and the example in it have no syntax error', async () => {
  const parser = join(ROOT, 'dev/tools/python/csharp.py');
  const folders = [join(SDK, 'dotnet'), join(ROOT, 'examples/quickstart-dotnet')];
  expect(await command(ROOT, [world.python, parser, ...folders])).toMatch(/^\d+ files$/m);
});
