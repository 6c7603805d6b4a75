/** Two projects: fast domain tests, and everything that needs the private services which `npm test` starts. */
const transform = {
  '^.+\\.(t|j|mj)sx?$': [
    '@swc/jest',
    {
      jsc: {
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
        keepClassNames: true,
        target: 'es2022',
      },
      module: { type: 'commonjs' },
    },
  ],
};
// These ship ES modules only; jest's require needs them transformed.
const transformIgnorePatterns = [
  '/node_modules/(?!(jose|openid-client|oauth4webapi|eta|ra-data-simple-rest|react-admin|query-string|decode-uri-component|filter-obj|split-on-first|fast-check)/)',
];
const common = {
  testEnvironment: 'node',
  transform,
  transformIgnorePatterns,
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.data/'],
};

module.exports = {
  maxWorkers: 2,
  testTimeout: 30_000,
  testSequencer: '<rootDir>/test/support/long-first.cjs',
  projects: [
    { ...common, displayName: 'domain', testMatch: ['<rootDir>/test/domain/**/*.test.ts'] },
    {
      ...common,
      displayName: 'services',
      testMatch: ['<rootDir>/test/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/test/domain/', '<rootDir>/test/browser/'],
    },
    { ...common, displayName: 'browser', testMatch: ['<rootDir>/test/browser/**/*.test.ts'] },
  ],
};
