import tseslint from 'typescript-eslint';

const pulumi = ['@pulumi/*'];

/** Imports point one way (docs/design: `pulumi`, `enforce`, `audit`, `cli` on top; `oci` at the bottom). */
const walls = (files, groups, message) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: [{ group: [...pulumi, ...groups], message }] }],
  },
});

/** A small text can take a hundred times its size in memory, and seconds to parse (docs/reliability.md). */
const bounded = (selector) => ({
  selector,
  message: 'Parse the text of others by parseBoundedJson or parseJsonObject (src/oci).',
});
const UNBOUNDED_JSON = [
  bounded('MemberExpression[object.name="JSON"][property.name="parse"]'),
  bounded('MemberExpression[object.name="JSON"][property.value="parse"]'),
  bounded('MemberExpression[object.property.name="JSON"][property.name="parse"]'),
  bounded('VariableDeclarator[init.name="JSON"]'),
  // `Response.json()` of `fetch`.
  bounded('AwaitExpression > CallExpression[callee.property.name="json"]'),
];

const above = ['**/pulumi/**', '**/enforce/**', '**/audit/**', '**/cli/**'];

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', '.demo/'] },
  ...tseslint.configs.recommended,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true } },
      ],
      'max-lines': ['error', { max: 400, skipBlankLines: false, skipComments: false }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**'],
    rules: { 'no-restricted-syntax': ['error', ...UNBOUNDED_JSON] },
  },
  {
    // The bounded parsers themselves, and what reads a file of this package or a value of this process.
    files: [
      'src/oci/json-bounds.ts',
      'src/oci/strict-json.ts',
      'src/attest/same-provenance.ts',
      'src/audit/report-sarif.ts',
      'src/pulumi/package.ts',
      'src/pulumi/plugin/input-types.ts',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
  walls(
    ['src/oci/**'],
    [...above, '**/build/**', '**/source/**', '**/sign/**', '**/attest/**', '**/verify/**'],
    'src/oci knows nobody above it.',
  ),
  walls(
    ['src/build/**', 'src/source/**'],
    [...above, '**/sign/**', '**/attest/**', '**/verify/**'],
    'build and source know oci only.',
  ),
  walls(
    ['src/sign/**', 'src/attest/**'],
    [...above, '**/build/**', '**/source/**', '**/verify/**'],
    'sign and attest know oci (and each other) only.',
  ),
  walls(
    ['src/verify/**'],
    [...above, '**/build/**', '**/source/**', '**/sign/key/**', '**/sign/identity/**'],
    'verify knows oci, attest, sign/format and sign/sigstore.',
  ),
  walls(['src/cli/**'], ['**/pulumi/**'], 'The command line needs no engine.'),
  walls(['src/audit/**'], ['**/pulumi/**', '**/cli/**'], 'An audit needs no engine.'),
  {
    files: [
      'eslint.config.mjs',
      '*.config.cjs',
      '*.config.mjs',
      'dev/**',
      'test/**',
      'examples/**',
      'bench/**',
    ],
    rules: { 'no-restricted-exports': 'off', 'no-console': 'off' },
  },
  {
    // The plugin answers first, and loads the rest on its first use (docs/adr/0009).
    files: ['src/pulumi/plugin/main.ts', 'src/pulumi/plugin/resources.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\.{1,2}/'] }] },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
