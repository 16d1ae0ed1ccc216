import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { pkcs11Environment } from '../tools/pkcs11.mjs';
import { buildersFile, forgetBuilders, printBuilders } from './builders-table.mjs';
import { ensureEngines, ensureProxies } from './engines.mjs';
import { enforceTableFile, forgetEnforceTable, tellEnforceTable } from './enforce-table.mjs';
import { forgetKeyTable, keyTableFile, tellKeyTable } from './key-table.mjs';
import { searchForSecrets } from './leaks.mjs';
import { ensureKubectl } from './kubectl.mjs';
import { forgetLies, liesFile, tellLies } from './lies.mjs';
import { forgetOracles, oraclesFile, printOracles } from './oracles.mjs';
import { printFileSizes } from './file-sizes.mjs';
import { root, run, works } from './process.mjs';
import { forgetProxies, printProxies, proxiesFile } from './proxies.mjs';
import { forgetTally, tallyFile } from './tally.mjs';

const tool = (path) => (args, env, options) => run('node', [path, ...args], { env, ...options });
const tsc = tool('node_modules/typescript/bin/tsc');
const eslint = tool('node_modules/eslint/bin/eslint.js');
const prettier = tool('node_modules/prettier/bin/prettier.cjs');
const depcruise = tool('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
const jestBin = tool('node_modules/jest/bin/jest.js');

/** What `npm test` leaves to the suites with more set-up. */
const SUITES = [
  'test/consumer/',
  'test/engine/',
  'test/interop/',
  'test/hostile/',
  'test/keys/',
  'test/oracles/',
  'test/enforce/real/',
  'test/builders/',
  'test/proxy/',
  'test/oracles/',
  'test/enforce/program/program',
  'test/enforce/policy/pack',
];

const COVERAGE = ['--coverage', '--coverageThreshold={"global":{"lines":90}}'];

/** Runs a suite, and searches all that it printed for the secrets that its tests used. */
function jest(suite, fixed) {
  return async (args, env) => {
    forgetTally(suite);
    const record = join(root, `coverage/output/${suite}.log`);
    const further = join(root, `coverage/output/${suite}.said.log`);
    rmSync(further, { force: true });
    const code = await jestBin(
      ['--config=jest.config.cjs', ...args, ...fixed],
      { ...env, JEST_TALLY: tallyFile(suite), SECRET_SEARCH: further },
      { record },
    );
    return code === 0 ? searchForSecrets(record, further) : code;
  };
}

const main = SUITES.map((suite) => `--testPathIgnorePatterns=/${suite}`);

async function all(...steps) {
  let worst = 0;
  for (const step of steps) worst ||= await step();
  return worst;
}

/** Every step is run, so that one look shows all that is wrong. */
async function each(...steps) {
  const codes = [];
  for (const step of steps) codes.push(await step());
  return codes.find((code) => code !== 0) ?? 0;
}

const isPath = (arg) => !arg.startsWith('-');

async function needGo(env) {
  if (await works('go', ['version'], { env })) return 0;
  throw new Error('the tests build the programs of others: put Go 1.26 on the PATH.');
}

const ts = ['-r', 'ts-node/register/transpile-only'];

/**
 * The tasks. `needs`: `package` (src/ compiled to dist/, from nothing with `clean`) and `builder`
 * (something that builds images).
 */
export const tasks = {
  test: {
    needs: ['package', 'builder'],
    run: (args, env) => jest('test', args.length === 0 ? [...main, ...COVERAGE] : main)(args, env),
  },
  coverage: { needs: ['package', 'builder'], run: jest('test', [...main, ...COVERAGE]) },
  'test:consumer': {
    // The package as it is published, in empty projects.
    needs: ['package'],
    run: jest('consumer', ['test/consumer/']),
  },
  'test:engine': {
    needs: ['package', 'builder'],
    // With the engine's own scenarios, all of them: `npm test` runs a part.
    env: { ENGINE_SCENARIOS: 'all' },
    run: jest('engine', ['test/engine/', 'test/dev/engine/scenarios']),
  },
  'test:interop': {
    needs: ['package', 'builder'],
    run: async (args, env) =>
      all(
        () => needGo(env),
        () => run('node', ['dev/tools/build.mjs'], { env }),
        () => jest('interop', ['test/interop/'])(args, env),
      ),
  },
  'test:hostile': {
    needs: [],
    run: async (args, env) => {
      forgetLies();
      const code = await jest('hostile', ['test/hostile/'])(args, { ...env, LIES_TALLY: liesFile });
      return tellLies(args) && code === 0 ? 0 : code || 1;
    },
  },
  'test:oracles': {
    needs: ['package', 'builder'],
    run: async (args, env) => {
      forgetOracles();
      const sample = args.includes('--sample');
      const rest = args.filter((arg) => arg !== '--sample');
      const code = await all(
        () => needGo(env),
        () => ensureEngines(env).then(() => 0),
        () => run('node', ['dev/tools/build.mjs', 'oracles', 'cosign', 'buildkit'], { env }),
        () =>
          jest('oracles', rest.some(isPath) ? [] : ['test/oracles/'])(rest, {
            ...env,
            ORACLES_TALLY: oraclesFile,
            ORACLES_SAMPLE: sample ? '1' : '',
          }),
      );
      return printOracles(sample || rest.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
  'test:proxy': {
    needs: [],
    run: async (args, env) => {
      forgetProxies();
      const code = await all(
        () => ensureProxies(env).then(() => 0),
        () => jest('proxy', ['test/proxy/'])(args, { ...env, PROXY_TALLY: proxiesFile }),
      );
      return printProxies() && code === 0 ? 0 : code || 1;
    },
  },
  'test:keys': {
    needs: [],
    run: async (args, env) => {
      forgetKeyTable();
      const code = await all(
        () => needGo(env),
        () =>
          run(
            'node',
            ['dev/tools/build.mjs', 'cosign', 'services', 'rekor', 'vault', 'kubernetes'],
            {
              env,
            },
          ),
        () => run('node', ['dev/tools/pkcs11.mjs'], { env }),
        () => run('node', ['dev/tools/python.mjs'], { env }),
        () =>
          jest('keys', ['test/keys/'])(args, {
            ...env,
            ...pkcs11Environment(),
            KEYS_TABLE: keyTableFile,
          }),
      );
      tellKeyTable();
      return code;
    },
  },
  'test:enforce': {
    needs: ['package', 'builder'],
    run: async (args, env) => {
      forgetEnforceTable();
      const code = await all(
        () => needGo(env),
        () => ensureKubectl(env).then(() => 0),
        () =>
          run('node', ['dev/tools/build.mjs', 'cosign', 'kubernetes', 'policy-controller'], {
            env,
          }),
        () => jest('enforce', ['test/enforce/'])(args, { ...env, ENFORCE_TABLE: enforceTableFile }),
      );
      return tellEnforceTable() || args.length > 0 ? code : code || 1;
    },
  },
  'test:builders': {
    needs: [],
    run: async (args, env) => {
      forgetBuilders();
      const sample = args.includes('--sample');
      const rest = args.filter((arg) => arg !== '--sample');
      const folder = sample ? 'test/builders/matrix/' : 'test/builders/';
      const code = await all(
        () => needGo(env),
        () => ensureEngines(env).then(() => 0),
        () => run('node', ['dev/tools/build.mjs', 'cosign', 'buildkit', 'moby'], { env }),
        () =>
          jest('builders', rest.some(isPath) ? [] : [folder])(rest, {
            ...env,
            BUILDERS_TALLY: buildersFile,
            BUILDERS_SAMPLE: sample ? '1' : '',
          }),
      );
      return printBuilders(sample || rest.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
  demo: {
    needs: ['package', 'builder'],
    run: (args, env) => run('node', [...ts, 'dev/demo/main.ts', ...args], { env }),
  },
  faults: {
    // The plugin that is killed is the compiled one, and one path is a real build.
    needs: ['package', 'builder'],
    run: (args, env) => run('node', [...ts, 'dev/faults/main.ts', ...args], { env }),
  },
  load: {
    needs: ['package'],
    run: (args, env) => run('node', [...ts, 'dev/load/main.ts', ...args], { env }),
  },
  bench: {
    // What is measured is the compiled plugin, beside real cosign.
    needs: ['package'],
    run: async (args, env) =>
      all(
        () => needGo(env),
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
        // The order of the modules, and no circles, types included.
        () => depcruise(['--config', '.dependency-cruiser.cjs', 'src'], env),
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
  errors: {
    needs: [],
    run: (args, env) => run('node', [...ts, 'dev/errors/generate.ts', ...args], { env }),
  },
  /** docs/reference/inputs-outputs.md from schema.json. */
  docs: {
    needs: [],
    run: (args, env) => run('node', ['dev/docs/generate.mjs', ...args], { env }),
  },
  /** Only the set-up, for work by hand in the clone. */
  setup: { needs: ['package', 'builder'], run: async () => 0 },
};
