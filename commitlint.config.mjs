/** Header: `type(folder): imperative`. The scope is the folder the change is about, so the log reads like the tree. */
const FOLDERS_OF_THE_LIBRARY = [
  'model',
  'discovery',
  'sources',
  'intake',
  'store',
  'engine',
  'workflows',
  'callbacks',
  'history',
  'admin',
  'observability',
  'testing',
];
const REST_OF_THE_TREE = [
  'triggers',
  'cluster',
  'demo',
  'event-triggers',
  'apps',
  'test',
  'bench',
  'docs',
  'ci',
  'repo',
];

export default {
  extends: ['@commitlint/config-conventional'],
  rules: {
    'scope-enum': [2, 'always', [...FOLDERS_OF_THE_LIBRARY, ...REST_OF_THE_TREE]],
    'scope-empty': [2, 'never'],
    'header-max-length': [2, 'always', 100],
    // Names of classes and tables keep their spelling; bodies may quote logs and URLs.
    'subject-case': [0],
    'body-max-line-length': [0],
    'footer-max-line-length': [0],
  },
};
