/** @type {import('jest').Config} */
export default {
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testEnvironment: '<rootDir>/test/support/environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  injectGlobals: false,
  // The machine this is measured for has two cores, and tests start Redis, browsers and servers of their own.
  maxWorkers: 2,
  // A busy machine is not a failure; a test that waits for a condition fails by its own bound.
  testTimeout: 120_000,
  reporters: ['default', '<rootDir>/test/support/reporter.mjs'],
  coverageProvider: 'v8',
  coverageDirectory: '.cache/coverage',
};
