import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { postgresUrl } from '../../../test/support/database.js';
import { sql } from '../../../test/support/sql.js';
import { DemoProcess, until } from './demo-process.js';

const KILL_TEST = join(__dirname, '../scripts/kill-test.mjs');

let home: string;
let inbox: string;
let demo: DemoProcess | undefined;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'demo-e2e-'));
  inbox = join(home, 'inbox');
});

afterEach(async () => {
  await demo?.stop('SIGKILL');
  demo = undefined;
  rmSync(home, { recursive: true, force: true });
});

function start(env: Record<string, string> = {}): DemoProcess {
  return (demo = new DemoProcess({ INBOX_DIR: inbox, TRIGGERS_DATABASE: join(home, 'triggers.db'), ...env }));
}

function drop(name: string, text: string): void {
  writeFileSync(join(inbox, name), text);
}

function summary(name: string): unknown {
  const path = join(inbox, 'summaries', `${name}.json`);
  return existsSync(path) && JSON.parse(readFileSync(path, 'utf8'));
}

async function ended(demo: DemoProcess, trigger: string, count: number) {
  return until(`${count} ended executions of ${trigger}`, async () => {
    const executions = await demo.executions(`trigger=${trigger}`);
    const done = executions.filter(({ state }) => state === 'completed' || state === 'failed');
    return done.length >= count && done;
  });
}

describe('the first start', () => {
  it('processes a sample within ten seconds, with nothing to do for a newcomer', async () => {
    const demo = start();

    expect(await until('the summary', () => summary('sample.csv'))).toEqual({
      file: 'sample.csv',
      rows: 4,
      columns: ['order', 'customer', 'quantity', 'amount'],
      totals: { quantity: 18, amount: 340.6 },
    });
    expect(await ended(demo, 'file_watcher', 1)).toMatchObject([
      { workflow: 'file_processor', state: 'completed', context: { filename: 'sample.csv' } },
    ]);
    expect(demo.output).toMatch(/✓ process_file +sample\.csv +4 rows, 4 columns → summaries/);
    expect(demo.errors).toBe('');
  });

  it('makes up a token when none is given, and prints it ready to paste', async () => {
    const demo = start({ TRIGGERS_ADMIN_TOKEN: '' });
    const token = await until('the command', () => /-H 'Authorization: Bearer ([^']+)'/.exec(demo.output)?.[1]);

    expect((await demo.admin('/executions')).status).toBe(401);
    expect((await demo.admin('/executions', token)).status).toBe(200);
  });
});

describe('files', () => {
  it('completes good files and fails a broken one with its reason', async () => {
    const demo = start();
    await demo.url();
    for (const name of ['a.csv', 'b.csv', 'c.csv', 'd.csv']) drop(name, 'item,price\npen,2.5\ncup,4\n');
    drop('broken.csv', 'item,price\npen\n');

    const executions = await ended(demo, 'file_watcher', 5);

    const failed = executions.filter(({ state }) => state === 'failed');
    expect(failed).toMatchObject([{ context: { filename: 'broken.csv' } }]);
    expect(failed[0]?.error?.message).toBe('Broken CSV: Invalid Record Length: expect 2, got 1 on line 2');
    expect(executions.filter(({ state }) => state === 'completed')).toHaveLength(4);
    expect(readdirSync(join(inbox, 'summaries')).sort()).toEqual(
      ['a', 'b', 'c', 'd'].map((name) => `${name}.csv.json`),
    );
    expect(demo.output).toMatch(/✗ process_file +broken\.csv +Broken CSV: .* on line 2/);
  });

  it('finds an old file that is moved in, and every new version of a file', async () => {
    const demo = start();
    await demo.url();
    drop('new.csv', 'a\n1\n');
    await ended(demo, 'file_watcher', 1);

    const old = join(home, 'old.csv');
    writeFileSync(old, 'a\n2\n');
    utimesSync(old, 1_000_000_000, 1_000_000_000);
    renameSync(old, join(inbox, 'old.csv'));
    expect(await until('the old one', () => summary('old.csv'))).toMatchObject({ totals: { a: 2 } });

    drop('new.csv', 'a\n10\n20\n');
    await until('the new version', () => (summary('new.csv') as { rows: number }).rows === 2);
    expect(await ended(demo, 'file_watcher', 3)).toHaveLength(3);
  });

  it('ignores dot files, folders and its own summaries, and adds no sample to files of others', async () => {
    mkdirSync(join(inbox, 'folder'), { recursive: true });
    drop('.hidden.csv', 'a\n1\n');
    drop(join('folder', 'inside.csv'), 'a\n1\n');
    drop('seen.csv', 'a\n1\n');
    const demo = start();
    await ended(demo, 'file_watcher', 1);

    drop('later.csv', 'a\n1\n');
    const executions = await ended(demo, 'file_watcher', 2);
    expect(executions.map(({ context }) => context['filename']).sort()).toEqual(['later.csv', 'seen.csv']);
    expect(existsSync(join(inbox, 'sample.csv'))).toBe(false);
  });

  it('does not process a file again after a restart, and says what was done', async () => {
    const first = start();
    await ended(first, 'file_watcher', 1);
    expect(await first.stop('SIGTERM')).toBe(0);
    expect(first.output).toMatch(/Stopping \(SIGTERM\): .*\nStopped\.\n$/);

    const second = start();
    await until('the greeting', () =>
      second.output.includes('Welcome back. 1 files fired so far; the last, sample.csv, has completed'),
    );
    drop('next.csv', 'a\n1\n');
    await until('the next file', () => summary('next.csv'));
    expect(await ended(second, 'file_watcher', 2)).toHaveLength(2);
  });
});

describe('kill -9 amidst the work', () => {
  it.each([
    ['SQLite', '3', () => []],
    ['Postgres', '1', () => ['--database', postgresUrl()]],
  ])(
    'loses nothing and does nothing twice on %s',
    (_name, kills, database) => {
      const { status, stdout, stderr } = spawnSync(
        process.execPath,
        [KILL_TEST, '--files', '30', '--kills', kills, ...database()],
        { encoding: 'utf8', timeout: 55_000 },
      );

      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(stdout).toContain('executions  30, 30 completed, of 30 different files\n');
      expect(stdout).toContain('summaries   30, 0 left-overs\n');
    },
    60_000,
  );
});

describe('the queue', () => {
  it('is drained when a hundred jobs wait, and not before', async () => {
    const demo = start();
    expect((await demo.post('/queue', { n: 'many' })).status).toBe(400);
    expect(await demo.post('/queue', { n: 99 })).toEqual({ status: 202, body: { depth: 99, handled: 0 } });
    await until('a poll', () => summary('sample.csv'));
    expect(await demo.executions('trigger=queue_depth')).toEqual([]);

    await demo.post('/queue', { n: 1 });
    expect(await ended(demo, 'queue_depth', 1)).toMatchObject([
      { workflow: 'queue_handler', state: 'completed', context: { queue_depth: 100, threshold: 100 } },
    ]);
    expect(await demo.get('/queue')).toEqual({ status: 200, body: { depth: 0, handled: 100 } });
  });
});

describe('the health check', () => {
  it('starts the recovery after three failed checks in a row', async () => {
    const demo = start();
    await demo.post('/service/health', { healthy: false });
    expect((await demo.get('/service/health')).status).toBe(503);

    expect(await ended(demo, 'health_check', 1)).toMatchObject([
      { workflow: 'service_recovery', state: 'completed', context: { service_name: 'demo', consecutive_failures: 3 } },
    ]);
    expect(await demo.get('/service/health')).toEqual({ status: 200, body: { healthy: true } });
  });
});

describe('on Postgres', () => {
  const name = `demo_e2e_${process.pid}`;

  beforeEach(() => sql(`CREATE DATABASE ${name}`));
  afterEach(() => sql(`DROP DATABASE ${name} WITH (FORCE)`));

  it('does the same', async () => {
    const url = new URL(postgresUrl());
    url.pathname = `/${name}`;
    const demo = start({ TRIGGERS_DATABASE: url.href });

    expect(await ended(demo, 'file_watcher', 1)).toMatchObject([
      { workflow: 'file_processor', state: 'completed', context: { filename: 'sample.csv' } },
    ]);
    expect(await demo.stop('SIGINT')).toBe(0);
    expect(demo.errors).toBe('');
  });
});
