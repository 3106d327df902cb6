// Jest in CJS-transform mode: the source stays ESM, swc turns every file into CommonJS for the test run only.
// Why, and what it costs: docs/decisions/0001-esm-package-tested-in-cjs-mode.md
import { chooseTemporaryFolder } from './test/support/temporary.mjs';

// Before anything starts: workers, servers and programs take it over.
chooseTemporaryFolder();

/** Packages that ship ESM only. A test that fails with "Cannot use import statement" or "Unexpected token 'export'" misses one here. */
const ESM_PACKAGES = [
  '@nestjs/[^/]+',
  'uuid',
  'croner',
  // file-type (a dependency of @nestjs/common) and what it needs
  'file-type',
  'strtok3',
  'token-types',
  'uint8array-extras',
  '@tokenizer/[^/]+',
  '@borewit/text-codec',
  '@octokit/webhooks-methods',
];

/** @type {import('jest').Config} */
export default {
  rootDir: import.meta.dirname,
  roots: ['<rootDir>/libs', '<rootDir>/apps', '<rootDir>/bench', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts', '**/*.e2e-spec.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  testEnvironment: 'node',
  globalSetup: '<rootDir>/test/postgres/global-setup.mjs',
  globalTeardown: '<rootDir>/test/postgres/global-teardown.mjs',
  setupFiles: ['reflect-metadata'],
  transform: {
    '^.+\\.m?[jt]s$': [
      '@swc/jest',
      {
        sourceMaps: 'inline',
        module: { type: 'commonjs' },
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: true },
          keepClassNames: true,
        },
      },
    ],
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:.*/node_modules/)?(?:${ESM_PACKAGES.join('|')})/)`],
  moduleNameMapper: {
    '^play$': '<rootDir>/libs/play/src/index.ts',
    '^nestjs-triggers$': '<rootDir>/libs/triggers/src/index.ts',
    '^nestjs-triggers/bullmq$': '<rootDir>/libs/triggers/src/bullmq.ts',
    '^nestjs-triggers/redis-streams$': '<rootDir>/libs/triggers/src/redis-streams.ts',
    '^nestjs-triggers/testing$': '<rootDir>/libs/triggers/src/testing/index.ts',
    // It has no entry for `require`, which is how tests import.
    '^@octokit/webhooks-methods$': '<rootDir>/node_modules/@octokit/webhooks-methods/dist-node/index.js',
    // ESM source imports `./file.js`; in this mode the file beside it is still `./file.ts`.
    '^(\\.{1,2}/.*)\\.js$': '$1',
  },
  cacheDirectory: '<rootDir>/.jest-cache',
  maxWorkers: 2,
  // Every suite loads all modules anew and leaves some of them behind; beyond this, collecting garbage takes longer than a new worker.
  workerIdleMemoryLimit: '1GB',
  testTimeout: 20_000,
  reporters: ['default', '<rootDir>/test/summary.reporter.cjs'],
  collectCoverageFrom: ['libs/triggers/src/**/*.ts', '!**/*.spec.ts', '!**/index.ts'],
};
