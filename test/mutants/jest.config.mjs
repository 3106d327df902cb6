import { join } from 'node:path';
import base from '../../jest.config.mjs';

/** What the library and its specs import: loaded once for all mutants (native.transform.cjs). */
const PACKAGES = [
  '@nestjs',
  'better-sqlite3',
  'bullmq',
  'canonicalize',
  'class-transformer',
  'class-validator',
  'ioredis',
  'typeorm',
  'uuid',
];

// One test file that requires the specs of the folder under mutation, so that a mutant costs one load of the library.
// Without Postgres: every rule of these folders stands above the store, and SQLite shows it within milliseconds.
/** @type {import('jest').Config} */
export default {
  ...base,
  roots: ['<rootDir>/libs/triggers/src', '<rootDir>/test/mutants'],
  globalSetup: undefined,
  globalTeardown: undefined,
  reporters: undefined,
  testMatch: ['<rootDir>/test/mutants/specs.cjs'],
  setupFiles: [],
  transform: {
    '/node_modules/': join(import.meta.dirname, 'native.transform.cjs'),
    ...base.transform,
  },
  transformIgnorePatterns: [`/node_modules/(?!(?:${PACKAGES.join('|')})/)`],
  watchman: false,
  testEnvironment: join(import.meta.dirname, 'environment.cjs'),
};
