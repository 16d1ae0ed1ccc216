'use strict';

// ES modules only: dependencies of the HTTP client of the sigstore packages, and optional SDKs.
const ES_MODULES =
  '(?:http-proxy-agent|https-proxy-agent|agent-base|socks-proxy-agent|proxy-agent-negotiate|' +
  'gaxios|node-fetch|fetch-blob|formdata-polyfill|data-uri-to-buffer|' +
  '@kubernetes/client-node|hpagent|openid-client|oauth4webapi|jose|@azure/[a-z-]+|@typespec/[a-z-]+)';

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
    [`node_modules/${ES_MODULES}/.+\\.js$`]: [
      '@swc/jest',
      { jsc: { target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!${ES_MODULES}/)`],
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
