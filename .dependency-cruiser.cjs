'use strict';

/** The modules of src/ from the bottom to the top: a module imports only from those before it. */
const MODULES = [
  'error',
  'host',
  'http',
  'oci',
  'source',
  'build',
  'attest',
  'key',
  'identity',
  'trust',
  'sigstore',
  'storage',
  'sign',
  'verify',
  'log-audit',
  'core',
  'export',
  'report',
  'pulumi',
  'enforce',
  'plugin',
  'audit',
  'cli',
];

/** The modules that may use Pulumi's SDK; the others are a library that tests use without an engine. */
const WITH_PULUMI = ['pulumi', 'enforce', 'plugin'];

const oneOf = (names) => `(?:${names.join('|')})`;

/** Imports of types count as imports: a type that two modules need belongs to the lower one. */
module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Move what both need into a file that neither of them imports.',
      from: { path: '^src/' },
      to: { circular: true },
    },
    ...MODULES.slice(0, -1).map((name, index) => ({
      name: `${name}-imports-lower-modules-only`,
      severity: 'error',
      comment: `The order of the modules is in ARCHITECTURE.md: ${MODULES.join(', ')}.`,
      from: { path: `^src/${name}/` },
      to: { path: `^src/${oneOf(MODULES.slice(index + 1))}/` },
    })),
    {
      name: 'modules-are-known',
      severity: 'error',
      comment:
        'A new module needs a place in the order (.dependency-cruiser.cjs, ARCHITECTURE.md).',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: `^src/${oneOf(MODULES)}/` },
    },
    {
      name: 'no-pulumi-in-the-core',
      severity: 'error',
      comment: "Only src/pulumi and src/enforce use Pulumi's SDK.",
      from: { path: '^src/[^/]+/', pathNot: `^src/${oneOf(WITH_PULUMI)}/` },
      to: { path: '(?:^|/)node_modules/@pulumi/' },
    },
    {
      name: 'no-engine-in-audit-and-cli',
      severity: 'error',
      comment: 'The audit and the command line run where no engine is installed.',
      from: { path: '^src/(?:audit|cli)/' },
      to: { path: '^src/pulumi/' },
    },
    {
      name: 'src-imports-src-only',
      severity: 'error',
      comment: 'What is published may not import the development tools or the tests.',
      from: { path: '^src/' },
      to: { path: '^(?:dev|test|bench|examples)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.d.ts', '.js', '.json'] },
  },
};
