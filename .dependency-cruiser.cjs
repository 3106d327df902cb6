/**
 * The arrows of docs/architecture.md, as rules. One table says who may import whom; the rules are generated from it.
 * If the code teaches a better cut, change the picture and this table together and write an ADR.
 */
const SRC = '^libs/triggers/src';

/** folder → folders it may import, besides itself and `model`, which everybody may. */
const ARROWS = {
  model: [],
  discovery: [],
  http: [],
  redis: [],
  store: [],
  workflows: ['discovery'],
  intake: ['store', 'workflows'],
  sources: ['intake', 'discovery', 'http', 'redis'],
  engine: ['store', 'workflows', 'redis'],
  callbacks: ['store', 'workflows', 'discovery'],
  history: ['store'],
  observability: ['history'],
  admin: ['sources', 'intake', 'engine', 'history', 'workflows', 'http'],
};
/** `testing` is a kit for users' tests: it may see every folder, but not the front doors. */
const SEES_EVERYTHING = 'testing';

const TEST_CODE = '\\.(spec|e2e-spec|contract|test-d)\\.ts$';
const FRONT_DOORS = `${SRC}/((testing/)?index|bullmq|redis-streams)\\.ts$`;

const arrows = Object.entries(ARROWS).map(([folder, targets]) => ({
  name: `arrow-${folder}`,
  severity: 'error',
  comment:
    `${folder}/ may import ${[...targets, 'model'].filter((target) => target !== folder).join(', ') || 'no other folder'}. ` +
    'Files directly in src/ are wiring: they see every folder, no folder sees them. Turn the dependency round ' +
    '(a port in the folder that needs it, given by triggers.module.ts), or move the file to the stage it belongs to.',
  from: { path: `${SRC}/${folder}/`, pathNot: TEST_CODE },
  to: { path: `${SRC}/`, pathNot: `${SRC}/(${[folder, 'model', ...targets].join('|')})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...arrows,
    {
      name: 'every-folder-has-an-arrow',
      severity: 'error',
      comment:
        'A folder of libs/triggers/src that the table of arrows does not know may import nothing: give it a row.',
      from: {
        path: `${SRC}/([^/]+)/`,
        pathNot: [`${SRC}/(${[...Object.keys(ARROWS), SEES_EVERYTHING].join('|')})/`, TEST_CODE],
      },
      to: { path: `${SRC}/`, pathNot: `${SRC}/$1/` },
    },
    {
      name: 'model-is-pure',
      severity: 'error',
      comment:
        'model/ holds the words and their rules: no Nest, no TypeORM, no driver, nothing that needs a running app. ' +
        'Only uuid, node:crypto and node:async_hooks come from outside; everything else goes to the stage that uses it.',
      from: { path: `${SRC}/model/`, pathNot: TEST_CODE },
      to: { pathNot: [`${SRC}/`, '(^|/)node_modules/uuid/', '^(node:)?(crypto|async_hooks)$'] },
    },
    {
      name: 'typeorm-stays-in-store',
      severity: 'error',
      comment: 'Only store/ speaks TypeORM. Other stages call a repository of store/ and see words of model/.',
      from: { path: `${SRC}/`, pathNot: [`${SRC}/(store|sources/entity)/`, TEST_CODE] },
      to: { path: '(^|/)node_modules/(@nestjs/)?typeorm/' },
    },
    {
      name: 'entity-triggers-are-given-typeorm',
      severity: 'error',
      comment:
        'sources/entity/ reads what the DataSource of the application says of its entities: it may name the types of TypeORM, and ' +
        'loads nothing of it. See docs/decisions/0020-changes-are-captured-by-the-database.md.',
      from: { path: `${SRC}/sources/entity/`, pathNot: TEST_CODE },
      to: { path: '(^|/)node_modules/(@nestjs/)?typeorm/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'drivers-stay-in-their-dialect',
      severity: 'error',
      comment:
        'Database drivers are optional peers: only their dialect in store/dialects/ may load one, and only when it is ' +
        'configured. Importing nestjs-triggers must never need a driver nobody chose.',
      from: { path: `${SRC}/`, pathNot: [`${SRC}/store/dialects/`, TEST_CODE] },
      to: { path: '(^|/)node_modules/(@types/)?(pg|better-sqlite3)/' },
    },
    {
      name: 'redis-is-loaded-in-one-place',
      severity: 'error',
      comment:
        'bullmq and ioredis are optional peers: only redis/ may load them, and only when they are configured. What stands on ' +
        'them knows their types.',
      from: {
        path: `${SRC}/`,
        pathNot: [`${SRC}/(redis|engine/transport/bullmq|sources/message/(bullmq|redis-streams))/`, TEST_CODE],
      },
      to: { path: '(^|/)node_modules/(bullmq|ioredis)/' },
    },
    {
      name: 'inside-never-uses-the-front-door',
      severity: 'error',
      comment:
        'index.ts is for users. Inside the library import the file that has the thing: a front door makes cycles.',
      from: { path: `${SRC}/`, pathNot: TEST_CODE },
      to: { path: FRONT_DOORS },
    },
    {
      name: 'apps-use-the-front-door',
      severity: 'error',
      comment:
        'Apps import nestjs-triggers or nestjs-triggers/testing by name, like any user, never a path into libs/: a ' +
        'reader copies this code. What is missing there is missing for users too: export it, or do without.',
      from: { path: '^apps/' },
      to: { path: '^libs/', dependencyTypes: ['local'] },
    },
    {
      name: 'apps-stand-alone',
      severity: 'error',
      comment: 'Every app is a lesson of its own; one app never imports another.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'play-is-only-the-stage',
      severity: 'error',
      comment:
        'libs/play holds what examples are played on. What shows how nestjs-triggers is used belongs into the example, where ' +
        'its reader looks for it.',
      from: { path: '^libs/play/' },
      to: { path: '^(apps|libs/triggers)/' },
    },
    {
      name: 'play-is-not-published',
      severity: 'error',
      comment: 'Whoever installs nestjs-triggers does not get libs/play, which is for our examples.',
      from: { path: '^libs/triggers/' },
      to: { path: '^libs/play/' },
    },
    {
      name: 'not-to-spec',
      severity: 'error',
      comment: 'Shipped code never imports a spec, a contract suite or anything in test/ or bench/.',
      from: { path: '^(libs|apps)/', pathNot: TEST_CODE },
      to: { path: [TEST_CODE, '^(test|bench)/'] },
    },
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'Two files that need each other are one file, or lack a third one that both may import.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'Nobody imports this file and it imports nothing: delete it, or use it.',
      from: { orphan: true, pathNot: [TEST_CODE, '\\.d\\.ts$', '/main\\.ts$', '^(test|bench)/', FRONT_DOORS] },
      to: {},
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      comment: 'This import leads nowhere: a typing error, a missing install, or a `.js` suffix that was forgotten.',
      from: {},
      // Before the first build the names of our own packages lead to a dist/ that is not there yet.
      to: { couldNotResolve: true, pathNot: '^(play|nestjs-triggers(/testing|/bullmq|/redis-streams)?)$' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '(^|/)dist/'] },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
