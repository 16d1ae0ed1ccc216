import tseslint from 'typescript-eslint';

const pulumi = ['@pulumi/*'];

/** Imports point one way (docs/design: `pulumi`, `enforce`, `audit`, `cli` on top; `oci` at the bottom). */
const walls = (files, groups, message) => ({
  files,
  rules: {
    'no-restricted-imports': ['error', { patterns: [{ group: [...pulumi, ...groups], message }] }],
  },
});

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
