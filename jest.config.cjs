'use strict';

/** One transform for all: swc compiles, tsc (in `npm run lint`) checks the types. */
module.exports = {
  testEnvironment: 'node',
  rootDir: __dirname,
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript' },
          // As in tsconfig.json: a declared output of a resource must not be reset after `super()`.
          transform: { useDefineForClassFields: false },
        },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  moduleNameMapper: { '^pulumi-signed-image$': '<rootDir>/src/index.ts' },
  testPathIgnorePatterns: ['/node_modules/', '/dist/'],
  testTimeout: 60_000,
  maxWorkers: 2,
  coverageProvider: 'v8',
  collectCoverageFrom: ['src/**/*.ts'],
  coverageReporters: ['text-summary', 'json', 'lcov'],
  // dev/run.mjs names the file; CI adds up the suites from it.
  reporters: process.env.JEST_TALLY
    ? ['default', ['<rootDir>/dev/setup/tally.cjs', { file: process.env.JEST_TALLY }]]
    : ['default'],
};
