import { execFile, execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

import { enginesUnderTest } from '../../dev/engine/under-test';
import { type RunningRegistry, startRegistry } from '../../dev/registry';
import { encryptPrivateKey } from '../../src/key';
import { pushImage } from '../interop/support/images';

const ROOT = resolve(__dirname, '..', '..');
const MINUTES = 60_000;
const PASSWORD = 'canary-consumer-password-4f1c';

/** The package managers, as a consumer has them: of the registry of the machine, not of this project. */
const MANAGERS = [
  { name: 'npm', command: ['npm', 'install', '--no-audit', '--no-fund'] },
  {
    name: 'pnpm',
    command: ['npm', 'exec', '--yes', '--package=pnpm@10.30.3', '--', 'pnpm', 'install'],
  },
  {
    name: 'yarn',
    command: [
      'npm',
      'exec',
      '--yes',
      '--package=yarn@1.22.22',
      '--',
      'yarn',
      'install',
      '--non-interactive',
      // Yarn caches a tarball by name and version: one of an earlier run would be installed.
      '--cache-folder=.yarn-cache',
    ],
  },
] as const;

/** The compiler options of `pulumi new typescript`. `skipLibCheck` and `esModuleInterop` are not among them. */
const TEMPLATE = {
  strict: true,
  target: 'es2020',
  module: 'commonjs',
  moduleResolution: 'node',
  sourceMap: true,
  experimentalDecorators: true,
  pretty: true,
  noFallthroughCasesInSwitch: true,
  noImplicitReturns: true,
  forceConsistentCasingInFileNames: true,
  declaration: true,
};

/** Both module systems: the folder of the program, and what its compiler and its `package.json` say. */
const SYSTEMS = [
  { name: 'commonjs', type: 'commonjs', options: TEMPLATE },
  {
    name: 'nodenext',
    type: 'module',
    options: { ...TEMPLATE, module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022' },
  },
] as const;

let folder: string;
let tarball: string;
let registry: RunningRegistry;

const run = (cwd: string, [program, ...args]: readonly [string, ...string[]]): string => {
  try {
    return execFileSync(program, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}\n${stderr}`);
  }
};

const writeJson = (path: string, value: unknown): void =>
  writeFileSync(path, JSON.stringify(value, undefined, 2));

/** The names that an entry of the package exports, as its declarations list them. */
function publicNames(
  project: string,
  entry: 'index' | 'core' = 'index',
): { readonly values: string[]; readonly types: string[] } {
  const text = readFileSync(
    join(project, `node_modules/pulumi-signed-image/types/${entry}.d.ts`),
    'utf8',
  );
  const listed = (pattern: RegExp): string[] =>
    (pattern.exec(text)?.[1] ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean);
  return { values: listed(/^export \{([^}]*)\};/m), types: listed(/^export type \{([^}]*)\};/m) };
}

/** A program that imports all that is public, and signs an image that exists. */
function programOf({ values, types }: ReturnType<typeof publicNames>, image: string): string {
  return `import * as pulumi from '@pulumi/pulumi';
import { SignedImage, type SignedImageArgs, SignedImageError } from 'pulumi-signed-image';

export { ${values.join(', ')} } from 'pulumi-signed-image';
export type { ${types.join(', ')} } from 'pulumi-signed-image';

const args: SignedImageArgs = {
  image: ${JSON.stringify(image)},
  key: { ref: 'cosign.key', password: pulumi.secret(${JSON.stringify(PASSWORD)}) },
  provenance: { disabled: true },
};
const app = new SignedImage('app', args);
export const imageRef: pulumi.Output<string> = app.imageRef;
export const isError: boolean = new Error('x') instanceof SignedImageError;
`;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'signed-image-consumer-'));
  const [packed] = JSON.parse(
    run(ROOT, ['npm', 'pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
  ) as { filename: string }[];
  tarball = join(folder, packed?.filename ?? '');
  registry = await startRegistry();
}, 5 * MINUTES);

afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(MANAGERS)(
  'the package, installed with $name into an empty project',
  ({ name, command }) => {
    let project: string;

    beforeAll(async () => {
      project = join(folder, name);
      mkdirSync(project);
      writeJson(join(project, 'package.json'), {
        name: 'consumer',
        private: true,
        dependencies: { '@pulumi/pulumi': '^3.270.0', 'pulumi-signed-image': `file:${tarball}` },
        devDependencies: { '@types/node': '^24.0.0', typescript: '^5.9.0' },
      });
      run(project, command as unknown as readonly [string, ...string[]]);
    }, 10 * MINUTES);

    it('does not install optional packages', () => {
      const installed = run(project, [
        'node',
        '-e',
        `
      const names = Object.keys(require('pulumi-signed-image/package.json').peerDependenciesMeta);
      console.log(names.filter((name) => { try { require.resolve(name); return true; } catch { return false; } }).join());
    `,
      ]);
      // The dependencies of Pulumi's own SDK are available in a flat folder.
      expect(
        installed
          .trim()
          .split(',')
          .filter((each) => each !== '' && each !== '@grpc/grpc-js'),
      ).toEqual([]);
    });

    describe.each(SYSTEMS)(
      'a program of the $name module system',
      ({ name: system, type, options }) => {
        let program: string;

        beforeAll(async () => {
          program = join(project, system);
          mkdirSync(program);
          const image = await pushImage(registry.host);
          const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
          writeFileSync(join(program, 'cosign.key'), await encryptPrivateKey(privateKey, PASSWORD));
          writeFileSync(
            join(program, 'index.ts'),
            programOf(publicNames(project), image.reference),
          );
          writeJson(join(program, 'package.json'), {
            name: 'program',
            private: true,
            type,
            main: 'bin/index.js',
          });
          writeJson(join(program, 'tsconfig.json'), {
            compilerOptions: { ...options, outDir: 'bin' },
            files: ['index.ts'],
          });
          const plugin = join(project, 'node_modules/pulumi-signed-image/plugin');
          writeFileSync(
            join(program, 'Pulumi.yaml'),
            `name: consumer\nruntime: nodejs\nplugins:\n  providers:\n    - name: signed-image\n      path: ${plugin}\n`,
          );
        });

        it(
          'imports everything public and compiles, with all declarations checked',
          () => {
            expect(publicNames(project).values).toContain('SignedImage');
            expect(publicNames(project).types).toContain('SignedImageArgs');
            const compiler = join(project, 'node_modules/typescript/bin/tsc');
            run(program, ['node', compiler, '-p', '.']);
          },
          5 * MINUTES,
        );

        it.each(enginesUnderTest())(
          'runs on the $engine engine',
          async ({ create }) => {
            const engine = create({ projectDir: program, dir: join(program, 'state') });
            const update = await engine.up();
            expect([update.ok, update.errors]).toEqual([true, []]);
            expect((await engine.outputs())['imageRef']).toMatch(/@sha256:[0-9a-f]{64}$/);
            await engine.destroy();
            await engine.dispose();
          },
          5 * MINUTES,
        );
      },
    );
  },
);

it(
  'the library without Pulumi compiles where Pulumi is not installed, verifies, and loads nothing of Pulumi',
  async () => {
    const project = join(folder, 'npm');
    const { values, types } = publicNames(project, 'core');
    expect(values).toEqual(expect.arrayContaining(['signImage', 'verifyImage']));
    const image = await pushImage(registry.host);
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    for (const { name, type, options } of SYSTEMS) {
      const program = join(project, `core-${name}`);
      mkdirSync(program);
      const pem = { format: 'pem' } as const;
      writeFileSync(join(program, 'cosign.key'), privateKey.export({ ...pem, type: 'pkcs8' }));
      writeFileSync(join(program, 'cosign.pub'), publicKey.export({ ...pem, type: 'spki' }));
      writeFileSync(
        join(program, 'index.ts'),
        `import { signImage, verifyImage, type VerifyImageArgs } from 'pulumi-signed-image/core';

export { ${values.join(', ')} } from 'pulumi-signed-image/core';
export type { ${types.join(', ')} } from 'pulumi-signed-image/core';

async function main(): Promise<void> {
  const { reference } = await signImage({ image: ${JSON.stringify(image.reference)}, key: { ref: 'cosign.key' } });
  const args: VerifyImageArgs = { image: reference, keys: ['cosign.pub'] };
  const { verified } = await verifyImage(args);
  console.log(JSON.stringify({ reference, verified }));
}
void main();
`,
      );
      writeJson(join(program, 'package.json'), { name: 'core', private: true, type });
      writeJson(join(program, 'tsconfig.json'), {
        compilerOptions: { ...options, outDir: '.' },
        files: ['index.ts'],
      });
      run(program, ['node', join(project, 'node_modules/typescript/bin/tsc'), '-p', '.']);
      const refusal = join(program, 'no-pulumi.cjs');
      writeFileSync(
        refusal,
        `const { registerHooks } = require('node:module');
registerHooks({
  resolve(name, context, next) {
    if (name.startsWith('@pulumi/')) throw new Error('loads ' + name);
    return next(name, context);
  },
});
`,
      );
      // Not `run`: the registry answers in this process.
      const { stdout } = await promisify(execFile)('node', ['--require', refusal, 'index.js'], {
        cwd: program,
      });
      expect(JSON.parse(stdout)).toEqual({ reference: image.reference, verified: true });
    }
  },
  5 * MINUTES,
);

it(
  'a policy pack of its own compiles where @pulumi/policy is installed',
  () => {
    const project = join(folder, 'npm');
    run(project, ['npm', 'install', '--no-audit', '--no-fund', '@pulumi/policy@^1.0.0']);
    const pack = join(project, 'pack');
    mkdirSync(pack);
    writeFileSync(
      join(pack, 'index.ts'),
      `import { PolicyPack } from '@pulumi/policy';
import { type ImagePolicy, signedImagePolicies } from 'pulumi-signed-image/policy';

const policies: ImagePolicy[] = signedImagePolicies();
new PolicyPack('own', { policies });
`,
    );
    for (const { type, options } of SYSTEMS) {
      writeJson(join(pack, 'package.json'), { name: 'pack', private: true, type });
      writeJson(join(pack, 'tsconfig.json'), {
        // The declarations of @pulumi/policy 1.x do not compile by themselves: they name an export that is missing.
        compilerOptions: { ...options, noEmit: true, skipLibCheck: true },
        files: ['index.ts'],
      });
      run(pack, ['node', join(project, 'node_modules/typescript/bin/tsc'), '-p', '.']);
    }
  },
  5 * MINUTES,
);
