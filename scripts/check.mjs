/**
 * `npm run check`: every check CI runs, one line each. All run even if one fails, so one go shows all there is to do.
 * `npm run check -- lint arrows` runs only the named ones.
 */
import { spawnSync } from 'node:child_process';

const STEPS = [
  { name: 'format', what: 'prettier: one layout for all files' },
  { name: 'types', what: 'tsc: library, apps, tests and type tests' },
  { name: 'lint', what: 'eslint, with types' },
  { name: 'arrows', what: 'dependency-cruiser: who may import whom' },
  { name: 'dead-code', what: 'knip: files, exports and dependencies nobody uses' },
  { name: 'tests', what: 'jest: everything, on SQLite and a real Postgres' },
  {
    name: 'chaos',
    what: 'kill -9, full disks, crashing servers: 20 rounds on SQLite, 20 on Postgres, 10 of three nodes with each transport',
  },
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !STEPS.some((step) => step.name === name));
if (unknown.length > 0) {
  process.stderr.write(`Unknown check ${unknown.join(', ')}. Known: ${STEPS.map((step) => step.name).join(', ')}.\n`);
  process.exit(2);
}

const results = STEPS.filter((step) => asked.length === 0 || asked.includes(step.name)).map(run);
for (const { name, ok, seconds } of results) {
  process.stdout.write(`${ok ? '✓' : '✗'} ${name.padEnd(10)} ${seconds.toFixed(1).padStart(6)} s\n`);
}
process.exitCode = results.every((result) => result.ok) ? 0 : 1;

function run({ name, what }) {
  process.stdout.write(`\n▶ ${name} — ${what}\n`);
  const started = Date.now();
  const { status } = spawnSync('npm', ['run', '--silent', `check:${name}`], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  return { name, ok: status === 0, seconds: (Date.now() - started) / 1000 };
}
