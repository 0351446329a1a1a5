/** Native ESM: kubernetes-models ships no CommonJS. swc strips types; `npm run typecheck` checks them. */
export default {
  testEnvironment: 'node',
  // Jest leaves one core idle, and two is what a small machine has.
  maxWorkers: '100%',
  // A test that starts a program takes seconds on a busy machine.
  testTimeout: 20_000,
  testMatch: ['<rootDir>/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/build/', '/.cache/'],
  modulePathIgnorePatterns: ['<rootDir>/build/', '<rootDir>/.cache/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2023' }, module: { type: 'es6' } },
    ],
  },
  coverageProvider: 'babel',
  collectCoverageFrom: ['{app,constructs,flux,render,checks,relay-src}/**/*.ts'],
};
