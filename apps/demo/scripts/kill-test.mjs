/**
 * The proof that nothing is lost and nothing happens twice: drops CSV files into the inbox of a running demo, all at
 * once, kills the process with SIGKILL at random moments while it works on them, starts it again each time, and counts.
 *
 *   npm run kill-test -w demo -- [--files 200] [--kills 3] [--database postgres://…]
 *
 * Without `--database` (or TRIGGERS_DATABASE) the ledger is a SQLite file. On Postgres it is a database of its own on that
 * server, made for the test and dropped after it; what a killed process was doing is taken over when its lease of ten
 * seconds has run out, so this takes longer. Exits with 0 only if every file was processed exactly once.
 */
/* global fetch */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const TOKEN = 'kill-test-token';
const PATIENCE_MS = 120_000;

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200' },
    kills: { type: 'string', default: '3' },
    database: { type: 'string', default: process.env.TRIGGERS_DATABASE ?? '' },
  },
});
const files = Number(values.files);
const kills = Number(values.kills);
const home = mkdtempSync(join(tmpdir(), 'demo-kill-test-'));
const inbox = join(home, 'inbox');
const database = values.database.startsWith('postgres')
  ? await ownDatabase(values.database)
  : { kind: 'SQLite', url: values.database || join(home, 'triggers.db'), drop: () => undefined };

let demo;
const began = Date.now();
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void cleanUp().finally(() => process.exit(1)));
try {
  await run();
} finally {
  await cleanUp();
}

async function run() {
  print('database', database.kind);
  demo = await start();
  for (let number = 1; number <= files; number++) writeFileSync(join(inbox, nameOf(number)), csvOf(number));
  print('dropped', `${files} files`);

  for (let kill = 1; kill <= kills; kill++) await killAmidst(kill);

  await until('every file is processed', async () => (await executions('completed')).length >= files);
  // Two further polls would fire again what is not remembered.
  const polls = (await trigger()).counts.polls;
  await until('two more polls', async () => (await trigger()).counts.polls >= polls + 2);
  await check();
  demo.process.kill('SIGTERM');
  const [code] = await once(demo.process, 'exit');
  assert.equal(code, 0, 'the demo stops cleanly');
  print('result', 'ok: every file was processed exactly once');
}

async function cleanUp() {
  demo?.process.kill('SIGKILL');
  await database.drop();
  rmSync(home, { recursive: true, force: true });
}

/** Each kill has a part of the files to itself, and comes when a random share of that part has a summary. */
async function killAmidst(kill) {
  const moment = 1 + Math.floor(((kill - 1 + Math.random()) * files * 0.9) / kills);
  await until(`${moment} summaries`, async () => summaries().length >= moment, 1);
  demo.process.kill('SIGKILL');
  await once(demo.process, 'exit');
  print(`kill -9`, `number ${kill}, with ${summaries().length} of ${files} summaries written`);
  demo = await start();
}

async function check() {
  const all = await executions();
  const completed = all.filter(({ state }) => state === 'completed');
  const names = new Set(completed.map(({ context }) => context.filename));
  print('executions', `${all.length}, ${completed.length} completed, of ${names.size} different files`);
  print(
    'summaries',
    `${summaries().length}, ${readdirSync(join(inbox, 'summaries')).length - summaries().length} left-overs`,
  );
  assert.equal(all.length, files, 'one execution a file');
  assert.equal(completed.length, files, 'every execution completed');
  assert.equal(names.size, files, 'every file has one');
  assert.equal(readdirSync(join(inbox, 'summaries')).length, files, 'one summary a file, and nothing else');
  for (let number = 1; number <= files; number++) {
    const { rows, totals } = JSON.parse(readFileSync(join(inbox, 'summaries', `${nameOf(number)}.json`), 'utf8'));
    assert.deepEqual(
      { rows, totals },
      { rows: 2, totals: { amount: number + 0.5 } },
      `the summary of ${nameOf(number)}`,
    );
  }
}

async function start() {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, PORT: '0', INBOX_DIR: inbox, TRIGGERS_DATABASE: database.url, TRIGGERS_ADMIN_TOKEN: TOKEN },
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const admin = /http:\S+\/admin\/triggers/.exec(line);
    if (admin === null) continue;
    child.stdout.resume(); // leaving the loop pauses it, and a full pipe would stop the demo
    return { process: child, admin: admin[0] };
  }
  throw new Error('The demo did not start.');
}

async function ask(path) {
  const response = await fetch(`${demo.admin}${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200, `GET ${path}`);
  return response.json();
}

async function executions(state) {
  const items = [];
  let page;
  do {
    const after = page === undefined ? '' : `&after=${encodeURIComponent(page.next)}`;
    page = await ask(
      `/executions?trigger=file_watcher&limit=1000${state === undefined ? '' : `&state=${state}`}${after}`,
    );
    items.push(...page.items);
  } while (page.next !== null);
  return items;
}

function trigger() {
  return ask('/file_watcher');
}

function summaries() {
  return readdirSync(join(inbox, 'summaries')).filter((name) => name.endsWith('.json'));
}

async function until(what, holds, everyMs = 100) {
  for (const deadline = Date.now() + PATIENCE_MS; !(await holds()); await wait(everyMs)) {
    if (Date.now() > deadline) throw new Error(`Waited ${PATIENCE_MS / 1000} s in vain until: ${what}`);
  }
}

async function ownDatabase(url) {
  const { default: pg } = await import('pg');
  const name = `demo_kill_test_${process.pid}`;
  const sql = async (text) => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(text).finally(() => client.end());
  };
  await sql(`CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return { kind: 'Postgres', url: own.href, drop: () => sql(`DROP DATABASE ${name} WITH (FORCE)`) };
}

function nameOf(number) {
  return `file-${String(number).padStart(4, '0')}.csv`;
}

function csvOf(number) {
  return `item,amount\nfirst,${number}\nsecond,0.5\n`;
}

function print(what, text) {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s  ${what.padEnd(11)} ${text}`);
}
