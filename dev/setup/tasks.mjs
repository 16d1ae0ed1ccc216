import { toolPath } from '../tools/build.mjs';
import { printFileSizes } from './file-sizes.mjs';
import { run, works } from './process.mjs';
import { generateSdks } from './sdk.mjs';
import { suites } from './suites.mjs';
import { all, each, requireGo, tool, ts } from './steps.mjs';

const tsc = tool('node_modules/typescript/bin/tsc');
const eslint = tool('node_modules/eslint/bin/eslint.js');
const prettier = tool('node_modules/prettier/bin/prettier.cjs');
const depcruise = tool('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');

/** A step of a release, of dev/release. */
const release = (name) => ({
  needs: [],
  run: (args, env) => run('node', [...ts, `dev/release/${name}.ts`, ...args], { env }),
});

/** Checks the workflows of GitHub Actions; without Go, only CI does. */
async function actionlint(env) {
  if (!(await works('go', ['version'], { env }))) {
    console.log('[lint] .github/workflows is not checked: actionlint needs Go on the PATH');
    return 0;
  }
  return all(
    () => run('node', ['dev/tools/build.mjs', 'actionlint'], { env }),
    () => run(toolPath('actionlint'), ['-color=false', '-shellcheck=', '-pyflakes='], { env }),
  );
}

/**
 * The tasks. `needs`: `package` (src/ compiled to dist/, after its removal with `clean`) and `builder`
 * (an image builder).
 */
export const tasks = {
  ...suites,
  demo: {
    needs: ['package', 'builder'],
    run: (args, env) => run('node', [...ts, 'dev/demo/main.ts', ...args], { env }),
  },
  faults: {
    // The killed process is the compiled plugin, and one path is a real build.
    needs: ['package', 'builder'],
    run: (args, env) => run('node', [...ts, 'dev/faults/main.ts', ...args], { env }),
  },
  load: {
    needs: ['package'],
    run: (args, env) => run('node', [...ts, 'dev/load/main.ts', ...args], { env }),
  },
  bench: {
    // Measures the compiled plugin and real cosign.
    needs: ['package'],
    run: async (args, env) =>
      all(
        () => requireGo(env),
        () => run('node', ['dev/tools/build.mjs'], { env }),
        () => run('node', [...ts, 'bench/main.ts', ...args], { env }),
      ),
  },
  build: { needs: ['package'], clean: true, run: async () => 0 },
  lint: {
    needs: [],
    run: (_args, env) =>
      each(
        () => tsc(['-p', '.', '--noEmit'], env),
        () => eslint(['.'], env),
        () => prettier(['--check', '--log-level=warn', '.'], env),
        // Checks the order of the modules and forbids circular imports, including types.
        () => depcruise(['--config', '.dependency-cruiser.cjs', 'src'], env),
        () => actionlint(env),
        async () => printFileSizes(),
      ),
  },
  format: {
    needs: [],
    run: (_args, env) =>
      each(
        () => eslint(['--fix', '.'], env),
        () => prettier(['--write', '--log-level=warn', '.'], env),
      ),
  },
  schema: {
    needs: [],
    run: (args, env) => run('node', [...ts, 'dev/schema/generate.ts', ...args], { env }),
  },
  /** The SDKs for other languages from schema.json, in sdk/. */
  sdk: {
    needs: [],
    run: (args, env) =>
      all(
        () => requireGo(env),
        () => generateSdks(args, env),
      ),
  },
  /** The archives of the plugin for every platform, with their bill of materials and digests. */
  'release:archives': {
    needs: ['package'],
    run: (args, env) =>
      all(
        () => requireGo(env),
        () => run('node', [...ts, 'dev/release/archives.ts', ...args], { env }),
      ),
  },
  /** The packages of the library and of the SDKs in sdk/. */
  'release:packages': {
    needs: ['package'],
    run: (args, env) => run('node', [...ts, 'dev/release/packages.ts', ...args], { env }),
  },
  /** States of this version on the engines, in test/engine/states, which later versions must read. */
  'record-state': {
    needs: ['package', 'builder'],
    run: (args, env) => run('node', [...ts, 'dev/upgrade/record.ts', ...args], { env }),
  },
  'release:version': release('version'),
  'release:pending': release('pending'),
  'release:notes': release('notes'),
  'release:go-tag': release('go-tag'),
  errors: {
    needs: [],
    run: (args, env) => run('node', [...ts, 'dev/errors/generate.ts', ...args], { env }),
  },
  /** docs/reference: the inputs and outputs from schema.json, the commands from src/cli. */
  docs: {
    needs: [],
    run: async (_args, env) =>
      all(
        () => run('node', ['dev/docs/generate.mjs'], { env }),
        () => run('node', [...ts, 'dev/docs/command-line.ts'], { env }),
      ),
  },
  /** Only the set-up, for manual work in the clone. */
  setup: { needs: ['package', 'builder'], run: async () => 0 },
};
