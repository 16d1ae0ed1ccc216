import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { pkcs11Environment } from '../tools/pkcs11.mjs';
import { attestationsFile, printAttestations, removeAttestations } from './attestations-table.mjs';
import { buildersFile, removeBuilders, printBuilders } from './builders-table.mjs';
import { ensureBrowser, ensureEngines, ensureProxies, ensureShells } from './engines.mjs';
import { enforceTableFile, removeEnforceTable, printEnforceTable } from './enforce-table.mjs';
import { removeKeyTable, keyTableFile, printKeyTable } from './key-table.mjs';
import { searchForSecrets } from './leaks.mjs';
import { ensureKubectl } from './kubectl.mjs';
import {
  removeHostileResponses,
  hostileResponsesFile,
  printHostileResponses,
} from './hostile-responses.mjs';
import { interopFile, printInterop, recordInterop, removeInterop } from './interop-table.mjs';
import { offlineFile, printOffline, removeOffline } from './offline-table.mjs';
import { removeOracles, oraclesFile, printOracles } from './oracles.mjs';
import {
  LOG_ENTRIES,
  logAuditFile,
  logEntries,
  printLogAudit,
  removeLogAudit,
} from './log-audit-table.mjs';
import { nodeEnvironment, NODE_VERSIONS } from './node-versions.mjs';
import { languagesFile, printLanguages, removeLanguages } from './languages-table.mjs';
import { root, run } from './process.mjs';
import { printProvenance, provenanceFile, removeProvenance } from './provenance-table.mjs';
import { removeProxies, printProxies, proxiesFile } from './proxies.mjs';
import { checkSchema, generateSdks } from './sdk.mjs';
import { removeTally, tallyFile } from './tally.mjs';
import { tool, ts, all, each, isPath, requireGo, sampleOf } from './steps.mjs';

const jestBin = tool('node_modules/jest/bin/jest.js');

/** Tests that `npm test` leaves to the suites with more set-up. */
const SUITES = [
  'test/attestations/',
  'test/consumer/',
  'test/engine/',
  'test/interop/',
  'test/languages/',
  'test/hostile/',
  'test/log-audit/large/',
  'test/log-audit/real/',
  'test/keys/',
  'test/offline/',
  'test/oracles/',
  'test/provenance/',
  'test/enforce/real/',
  'test/builders/',
  'test/proxy/',
  'test/report/browser/',
  'test/oracles/',
  'test/enforce/program/program',
  'test/enforce/policy/pack',
];

/** What runs on each version of Node: the HTTP client, keys and streams in the library, and the plugin as a process. */
const NODE_VERSION_TESTS = [
  'test/host/',
  'test/http/',
  'test/key/key-',
  'test/oci/',
  'test/pulumi/plugin/start',
  'test/pulumi/plugin/signing',
  'test/engine/existing-image',
];

const COVERAGE = ['--coverage', '--coverageThreshold={"global":{"lines":90}}'];

/** Runs a suite, and searches its output for the secrets of its tests. */
function jest(suite, fixed) {
  return async (args, env) => {
    removeTally(suite);
    const record = join(root, `coverage/output/${suite}.log`);
    const further = join(root, `coverage/output/${suite}.reported.log`);
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

/** The test suites, by the names of their scripts. */
export const suites = {
  test: {
    needs: ['package', 'builder'],
    run: (args, env) => jest('test', args.length === 0 ? [...main, ...COVERAGE] : main)(args, env),
  },
  coverage: { needs: ['package', 'builder'], run: jest('test', [...main, ...COVERAGE]) },
  'test:consumer': {
    // Uses the published tarball in empty projects, and what a release builds.
    needs: ['package', 'builder'],
    run: jest('consumer', ['test/consumer/']),
  },
  'test:engine': {
    needs: ['package', 'builder'],
    // Includes all scenarios of the local engine; `npm test` runs a part.
    env: { ENGINE_SCENARIOS: 'all' },
    run: jest('engine', ['test/engine/', 'test/dev/engine/scenarios']),
  },
  'test:interop': {
    needs: ['package', 'builder'],
    run: async (args, env) => {
      removeInterop();
      const sample = args.includes('--sample');
      const records = args.includes('--record');
      const rest = args.filter((arg) => !['--sample', '--record'].includes(arg));
      const partial = sample || rest.length > 0;
      // The sample is without the programs that take long to compile, and without Python's.
      const groups = ['cosign', 'containers-policy', ...(sample ? [] : ['cosign2', 'sigstore-go'])];
      const code = await all(
        () => requireGo(env),
        () => run('node', ['dev/tools/build.mjs', ...groups], { env }),
        () => (sample ? 0 : run('node', ['dev/tools/python.mjs', 'sigstore'], { env })),
        () => ensureShells(env).then(() => 0),
        () =>
          jest('interop', rest.some(isPath) ? [] : ['test/interop/'])(rest, {
            ...env,
            INTEROP_TALLY: interopFile,
            INTEROP_SAMPLE: sample ? '1' : '',
          }),
      );
      if (code === 0 && records && !partial) {
        const file = recordInterop();
        await run('node', ['node_modules/prettier/bin/prettier.cjs', '--write', file], { env });
        await run('node', [...ts, 'dev/verifiers/generate.ts'], { env });
      }
      return printInterop(partial) && code === 0 ? 0 : code || 1;
    },
  },
  'test:hostile': {
    needs: [],
    run: async (args, env) => {
      removeHostileResponses();
      const code = await jest('hostile', ['test/hostile/'])(args, {
        ...env,
        HOSTILE_TALLY: hostileResponsesFile,
      });
      return printHostileResponses(args) && code === 0 ? 0 : code || 1;
    },
  },
  'test:oracles': {
    needs: ['package', 'builder'],
    run: async (args, env) => {
      removeOracles();
      const { sample, rest } = sampleOf(args);
      const code = await all(
        () => requireGo(env),
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
  'test:audit': {
    // Logs with 100,000 entries, then the real Rekor v1 and v2.
    needs: [],
    run: async (args, env) => {
      removeLogAudit();
      const { entries, rest } = logEntries(args);
      // Another number of entries is without the real logs, of which Rekor v1 takes long to compile.
      const sample = entries !== LOG_ENTRIES;
      const folders = sample
        ? ['test/log-audit/large/']
        : ['test/log-audit/large/', 'test/log-audit/real/'];
      const code = await all(
        () => (sample ? 0 : requireGo(env)),
        () =>
          sample ? 0 : run('node', ['dev/tools/build.mjs', 'logs', 'services', 'rekor'], { env }),
        () =>
          jest('audit', ['--runInBand', ...(rest.some(isPath) ? [] : folders)])(rest, {
            ...env,
            AUDIT_TALLY: logAuditFile,
            AUDIT_ENTRIES: String(entries),
          }),
      );
      return printLogAudit(rest.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
  'test:provenance': {
    needs: [],
    run: async (args, env) => {
      removeProvenance();
      const { sample, rest } = sampleOf(args);
      // The sample is without slsa-verifier and gh, which take long to compile.
      const groups = sample ? ['cosign', 'in-toto'] : ['cosign', 'in-toto', 'slsa', 'gh'];
      const tests = sample
        ? ['test/provenance/statements', 'test/provenance/github-form']
        : ['test/provenance/'];
      const code = await all(
        () => requireGo(env),
        () => run('node', ['dev/tools/build.mjs', ...groups], { env }),
        () =>
          jest('provenance', rest.some(isPath) ? [] : tests)(rest, {
            ...env,
            PROVENANCE_TABLE: provenanceFile,
            PROVENANCE_SAMPLE: sample ? '1' : '',
          }),
      );
      return printProvenance() && code === 0 ? 0 : code || 1;
    },
  },
  'test:attest': {
    needs: [],
    run: async (args, env) => {
      removeAttestations();
      const code = await all(
        () => requireGo(env),
        () => ensureEngines(env).then(() => 0),
        () =>
          run('node', ['dev/tools/build.mjs', 'cosign', 'buildkit', 'chains', 'services'], { env }),
        () =>
          jest('attest', args.some(isPath) ? [] : ['test/attestations/'])(args, {
            ...env,
            ATTESTATIONS_TABLE: attestationsFile,
          }),
      );
      return printAttestations(args.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
  'test:offline': {
    // Runs the compiled command line in a network namespace without a route.
    needs: ['package'],
    run: async (args, env) => {
      removeOffline();
      const { sample, rest } = sampleOf(args);
      const code = await all(
        () => requireGo(env),
        () => run('node', ['dev/tools/build.mjs', 'cosign', 'sigstore-go'], { env }),
        () => run('node', ['dev/tools/python.mjs', 'sigstore'], { env }),
        () =>
          jest('offline', rest.some(isPath) ? [] : ['test/offline/'])(rest, {
            ...env,
            OFFLINE_TALLY: offlineFile,
            OFFLINE_SAMPLE: sample ? '1' : '',
          }),
      );
      return printOffline(rest.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
  'test:proxy': {
    needs: [],
    run: async (args, env) => {
      removeProxies();
      const code = await all(
        () => ensureProxies(env).then(() => 0),
        () => jest('proxy', ['test/proxy/'])(args, { ...env, PROXY_TALLY: proxiesFile }),
      );
      return printProxies() && code === 0 ? 0 : code || 1;
    },
  },
  /** The report in a real browser: accessibility in both colour schemes, widths, print on A4. */
  'test:report': {
    needs: [],
    run: async (args, env) => {
      const { sample, rest } = sampleOf(args);
      // `npm test` runs the tests that need no browser.
      const tests = sample ? ['test/report/browser/'] : ['test/report/', 'test/cli/report'];
      return all(
        () => ensureBrowser(env).then(() => 0),
        () => jest('report', rest.some(isPath) ? [] : tests)(rest, env),
      );
    },
  },
  'test:keys': {
    needs: [],
    run: async (args, env) => {
      removeKeyTable();
      const code = await all(
        () => requireGo(env),
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
      printKeyTable();
      return code;
    },
  },
  'test:enforce': {
    needs: ['package', 'builder'],
    run: async (args, env) => {
      removeEnforceTable();
      const code = await all(
        () => requireGo(env),
        () => ensureKubectl(env).then(() => 0),
        () =>
          run('node', ['dev/tools/build.mjs', 'cosign', 'kubernetes', 'policy-controller'], {
            env,
          }),
        () => jest('enforce', ['test/enforce/'])(args, { ...env, ENFORCE_TABLE: enforceTableFile }),
      );
      return printEnforceTable() || args.length > 0 ? code : code || 1;
    },
  },
  'test:builders': {
    // A program with each builder runs the compiled plugin.
    needs: ['package'],
    run: async (args, env) => {
      removeBuilders();
      const { sample, rest } = sampleOf(args);
      const folder = sample ? 'test/builders/matrix/' : 'test/builders/';
      const code = await all(
        () => requireGo(env),
        () => ensureEngines(env).then(() => 0),
        () => {
          // The smaller run is without dockerd 29, which takes long to compile.
          const groups = sample ? ['cosign', 'buildkit'] : ['cosign', 'buildkit', 'moby'];
          return run('node', ['dev/tools/build.mjs', ...groups], { env });
        },
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
  'test:node-versions': {
    // The plugin, its start, and programs that sign, on the oldest and the newest supported Node.
    needs: ['package', 'builder'],
    run: async (args, env) => {
      const tests = args.some(isPath) ? [] : NODE_VERSION_TESTS;
      const steps = NODE_VERSIONS.map((version) => async () => {
        const own = await nodeEnvironment(version, env);
        console.log(`[node] tests on Node ${version}`);
        return jest(`node-${version}`, tests)(args, own);
      });
      return each(...steps);
    },
  },
  'test:schema': {
    needs: [],
    run: async (args, env) =>
      all(
        () => requireGo(env),
        () => run('node', ['dev/tools/build.mjs', 'sdk'], { env }),
        () => jest('schema', ['test/pulumi/schema', 'test/pulumi/secrecy/input-table'])(args, env),
        () => checkSchema(env),
        () => run('node', [...ts, 'dev/schema/count.ts'], { env }),
      ),
  },
  'test:languages': {
    // Uses the published tarball and the generated SDKs.
    needs: ['package', 'builder'],
    run: async (args, env) => {
      removeLanguages();
      const code = await all(
        () => requireGo(env),
        () => generateSdks([], env),
        () => run('node', ['dev/tools/build.mjs', 'cosign', 'yaml'], { env }),
        () => run('node', ['dev/tools/python.mjs', 'languages'], { env }),
        () =>
          jest('languages', args.some(isPath) ? [] : ['test/languages/'])(args, {
            ...env,
            LANGUAGES_TABLE: languagesFile,
          }),
      );
      return printLanguages(args.length > 0) && code === 0 ? 0 : code || 1;
    },
  },
};
