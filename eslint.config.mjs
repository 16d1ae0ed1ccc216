import tseslint from 'typescript-eslint';

/** A small text can take a hundred times its size in memory, and seconds to parse (docs/explanation/reliability.md). */
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

export default tseslint.config(
  { ignores: ['dist/', 'types/', 'coverage/', 'node_modules/', '.demo/'] },
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
      'src/http/json-bounds.ts',
      'src/oci/strict-json.ts',
      'src/attest/same-provenance.ts',
      'src/host/package-version.ts',
      'src/pulumi/plugin/inputs/input-types.ts',
    ],
    rules: { 'no-restricted-syntax': 'off' },
  },
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
    // The plugin answers first, and loads the rest on its first use (docs/explanation/adr/0009).
    files: [
      'src/plugin/main.ts',
      'src/pulumi/plugin/plugin.ts',
      'src/pulumi/plugin/resources.ts',
      'src/pulumi/plugin/configuration/configured-resources.ts',
      'src/pulumi/plugin/functions/functions.ts',
      'src/pulumi/plugin/verification/verified-image.ts',
      'src/cli/modules.ts',
    ],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^\\.{1,2}/'] }] },
  },
  {
    // Loaded with the first pattern; a dynamic import would make every comparison asynchronous.
    files: ['src/verify/identity-pattern.ts'],
    rules: { '@typescript-eslint/no-require-imports': ['error', { allow: ['^re2js$'] }] },
  },
  {
    files: ['**/*.cjs'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
);
