// Mutation testing, one folder at a time: `npm run mutants model`. See test/mutants/README.md.
import { FOLDERS } from './test/mutants/folders.mjs';

const { MUTANTS: folder = 'model' } = process.env;

export default {
  mutate: [`libs/triggers/src/${folder}/**/*.ts`, '!**/*.{spec,contract}.ts'],
  plugins: ['@stryker-mutator/jest-runner', './test/mutants/ignored.mjs'],
  ignorers: ['wording', 'statements'],
  testRunner: 'jest',
  jest: {
    projectType: 'custom',
    configFile: 'test/mutants/jest.config.mjs',
    // One file requires all specs (test/mutants/specs.cjs): nothing is related to a file by its imports.
    enableFindRelatedTests: false,
    config: { globals: { SPECS: FOLDERS[folder] } },
  },
  coverageAnalysis: 'perTest',
  concurrency: 1,
  // Most of a run is loading the library, which the measure of its tests does not contain.
  timeoutMS: 10_000,
  incremental: true,
  incrementalFile: `.mutants/${folder}.json`,
  tempDirName: '.mutants/sandbox',
  ignorePatterns: ['.mutants', '.jest-cache', 'apps', 'dist'],
  reporters: ['clear-text', 'progress', 'html'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  htmlReporter: { fileName: `.mutants/${folder}.html` },
};
