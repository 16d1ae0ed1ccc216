import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { hasRealCli, localEngine } from '../../dev/engine/under-test';
import { buildArchives, writeChecksums } from '../../dev/release/archives';
import { buildLauncher } from '../../dev/release/plugin-files';
import { deedsOf, openStage, SCENARIO, type Stage } from '../engine/support/stage';
import { pushImage } from '../interop/support/images';

const MINUTES = 60_000;
const LINUX = `linux-${process.arch === 'arm64' ? 'arm64' : 'amd64'}`;
const ARCHIVE = `pulumi-resource-signed-image-v0.1.0-${LINUX}.tar.gz`;

let out: string;
let installed: string;
let stage: Stage;

const list = (archive: string): readonly string[] =>
  execFileSync('tar', ['-tzf', join(out, archive)], { encoding: 'utf8', maxBuffer: 1024 ** 3 })
    .trimEnd()
    .split('\n');

const projectWith = (plugin: string): string =>
  `name: stage\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${plugin}\n`;

/** Signs an image with the program of the stage, whose plugin is in `folder`. */
async function signWith(folder: string): Promise<void> {
  stage.write('Pulumi.yaml', projectWith(folder));
  stage.commit(`plugin in ${folder}`);
  const { reference } = await pushImage(stage.registry.host);
  const key = { ref: stage.key.ref };
  stage.declare({ use: 'remote', images: { app: { image: reference, key } } });
  const engine = stage.stack(
    { engine: 'local', create: localEngine },
    { COSIGN_PASSWORD: stage.key.password },
  );
  const up = await engine.up();
  expect(up.errors).toEqual([]);
  expect(deedsOf(up)).toContain('create app-signature');
  expect((await engine.destroy()).errors).toEqual([]);
}

beforeAll(async () => {
  out = mkdtempSync(join(tmpdir(), 'archives-'));
  buildArchives(out, [LINUX, 'windows-amd64']);
  writeChecksums(out);
  // Not below the clone, so that nothing is resolved from its node_modules.
  installed = join(out, 'installed');
  mkdirSync(installed);
  execFileSync('tar', ['-xzf', join(out, ARCHIVE), '-C', installed]);
  stage = await openStage();
}, 15 * MINUTES);
afterAll(async () => {
  await stage.close();
  rmSync(out, { recursive: true, force: true });
});

describe('the archives of a release', () => {
  it('have the program that the engine starts on each system, and what it needs at run time', () => {
    expect(list(ARCHIVE)).toEqual(
      expect.arrayContaining([
        'pulumi-resource-signed-image',
        'LICENSE',
        'lib/schema.json',
        'lib/dist/plugin/main.js',
        'lib/node_modules/@aws-sdk/client-kms/package.json',
      ]),
    );
    expect(list(ARCHIVE).filter((path) => /\.d\.ts$|PulumiPlugin/.test(path))).toEqual([]);
    expect(list('pulumi-resource-signed-image-v0.1.0-windows-amd64.tar.gz')).toContain(
      'pulumi-resource-signed-image.exe',
    );
  });

  it('are listed with their digests, and with a bill of materials that names the dependencies', () => {
    const sbom = JSON.parse(
      readFileSync(join(out, 'pulumi-resource-signed-image-v0.1.0.cdx.json'), 'utf8'),
    ) as { bomFormat: string; components: { name: string; version: string }[] };
    expect(sbom.bomFormat).toBe('CycloneDX');
    const names = sbom.components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['sigstore', 'js-yaml', '@aws-sdk/client-kms']));
    expect(names).not.toContain('jest');
    execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: out });
  });

  it(
    'contain a plugin that signs without another npm package',
    () => signWith(installed),
    SCENARIO,
  );

  it(
    'contain a plugin that creates the policies for a cluster without another npm package',
    async () => {
      stage.write('Pulumi.yaml', projectWith(installed));
      const image = `registry.example.com/team/app@sha256:${'a'.repeat(64)}`;
      const { publicKey } = stage.key;
      const signers = { keys: [publicKey], images: ['registry.example.com/team/app'] };
      stage.declare({
        use: 'remote',
        policies: {
          admission: { $type: 'AdmissionPolicy', images: [image] },
          kyverno: { $type: 'KyvernoPolicy', ...signers },
          cluster: { $type: 'KyvernoClusterPolicy', ...signers },
          // policy-controller verifies no bundles that a key has signed.
          controller: { $type: 'PolicyControllerPolicy', ...signers, format: 'legacy' },
          flux: { $type: 'FluxVerification', ...signers, namespace: 'apps' },
        },
      });
      const engine = stage.stack({ engine: 'local', create: localEngine });
      const up = await engine.up();
      expect(up.errors).toEqual([]);
      const types = up.steps.map(({ type }) => type).join();
      for (const kind of [
        'ValidatingAdmissionPolicy',
        'ImageValidatingPolicy',
        'ClusterPolicy',
        'ClusterImagePolicy',
        'OCIRepository',
      ])
        expect(types).toContain(kind);
      expect((await engine.destroy()).errors).toEqual([]);
    },
    SCENARIO,
  );

  it(
    'contain for Windows a program that starts Node with the arguments, and returns its exit code',
    async () => {
      // The same source, compiled for this machine: Windows programs do not run here.
      const folder = join(out, 'launched');
      mkdirSync(folder);
      buildLauncher(folder, 'linux', LINUX.slice('linux-'.length));
      symlinkSync(join(installed, 'lib'), join(folder, 'lib'));
      await signWith(folder);
      rmSync(join(folder, 'lib'));
      mkdirSync(join(folder, 'lib/dist/plugin'), { recursive: true });
      writeFileSync(join(folder, 'lib/dist/plugin/main.js'), 'process.exit(7);');
      expect(() =>
        execFileSync(join(folder, 'pulumi-resource-signed-image'), { stdio: 'ignore' }),
      ).toThrow(expect.objectContaining({ status: 7 }));
    },
    2 * SCENARIO,
  );

  (hasRealCli() ? it : it.skip)(
    'are installed by `pulumi plugin install`; `pulumi package add` then runs no npm install for the plugin',
    () => {
      const project = join(out, 'project');
      const home = join(out, 'home');
      mkdirSync(project);
      writeFileSync(join(project, 'Pulumi.yaml'), 'name: project\nruntime: nodejs\n');
      writeFileSync(join(project, 'package.json'), '{"name":"project","version":"1.0.0"}\n');
      const pulumi = (...args: string[]): string =>
        execFileSync('pulumi', [...args, '--color', 'never'], {
          cwd: project,
          encoding: 'utf8',
          env: {
            ...process.env,
            PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
            PULUMI_HOME: home,
            PULUMI_BACKEND_URL: `file://${out}`,
            PULUMI_SKIP_UPDATE_CHECK: '1',
          },
        });
      const source = ['resource', 'signed-image', 'v0.1.0', '--file', join(out, ARCHIVE)];
      pulumi('plugin', 'install', ...source);
      const plugin = join(home, 'plugins', 'resource-signed-image-v0.1.0');
      const before = readdirSync(plugin).sort();
      pulumi('package', 'add', 'signed-image@0.1.0');
      expect(readFileSync(join(project, 'Pulumi.yaml'), 'utf8')).toContain(
        'signed-image: signed-image@0.1.0',
      );
      expect(readdirSync(join(project, 'sdks', 'signed-image'))).toContain('signedImage.ts');
      // An installation of dependencies would write a lock file.
      expect(readdirSync(plugin).sort()).toEqual(before);
    },
    5 * MINUTES,
  );
});
