/** The folders whose mutants are tried, and the specs that judge them. */
export const FOLDERS = {
  model: [
    'libs/triggers/src/model',
    // Where its limits are met, and its tables are written out for people.
    'libs/triggers/src/sources/poll/poll-result.spec.ts',
    'test/docs/errors.spec.ts',
    'test/docs/states.spec.ts',
  ],
  intake: [
    'libs/triggers/src/intake',
    // Where its resolver and the commits of polls are used whole.
    'libs/triggers/src/sources/poll/poll-trigger.explorer.spec.ts',
    'libs/triggers/src/sources/poll/poller.store.spec.ts',
  ],
  engine: ['libs/triggers/src/engine', 'libs/triggers/src/callbacks/callbacks.spec.ts'],
};
