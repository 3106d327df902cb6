import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { postgresUrl } from '../../../test/support/database.js';
import { interrupt, play, saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { describeWithRedis } from '../../../test/support/redis.js';
import { databasesOf, sql } from '../../../test/support/sql.js';

const MAIN = join(__dirname, '../dist/main.js');
const MIGRATE = join(__dirname, '../dist/migrate/main.js');
const NODE = join(__dirname, '../dist/node/main.js');
const POSTGRES = postgresUrl();
/** The only one that serves pool `gpu`. */
const GPU_WORKER = 'worker-3';
const SMALL = ['--files', '12', '--calls', '4', '--seconds', '4'];

let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'cluster-e2e-'));
  chmodSync(temporary, 0o755); // as root, Postgres runs as another user, who must be able to enter
});
afterEach(() => rmSync(temporary, { recursive: true }));

const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => play(MAIN, args, temporary, env);
const databases = () => databasesOf('cluster_show_');

function processOf(name: string, output: string): number {
  return Number(new RegExp(`${name}.*? \\(process (\\d+)\\)`).exec(output)![1]);
}

/** A whole show. */
function endsWithEveryOrderDone(transport: 'store' | 'bullmq'): void {
  it(`ends with every order done exactly once by transport ${transport}, although a worker and the scheduler are killed`, async () => {
    const { code, output } = await saidToTheEnd(start([...SMALL, '--database', POSTGRES, '--transport', transport]));

    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringContaining('Every order done exactly once: 16 of 16.') as string,
    });
    expect(output).toContain(`transport ${transport}: `);
    expect(output).toMatch(/kill -9 worker-[12], in the middle of delivering \S+/);
    expect(output).toContain('kill -9 scheduler');
    expect(output).toMatch(/16 reports delivered; [1-9]\d* delivered again under the same key, and recognised/);
    expect(output).toMatch(
      /by whom +tasks: worker-1 \d+, worker-2 \d+, worker-3 \d+; [1-9]\d* reports were made by more than one/,
    );
    expect([readdirSync(temporary), await databases(), survivors(output, 4)]).toEqual([[], [], []]);
  }, 120_000);
}

endsWithEveryOrderDone('store');

it('starts again what somebody else kills, and every order is done exactly once', async () => {
  const show = start([...SMALL, '--database', POSTGRES, '--transport', 'store']);
  const before = await saidUntil(/the ledger knows/, show);
  process.kill(processOf(GPU_WORKER, before), 'SIGKILL');
  const { code, output } = await saidToTheEnd(show);

  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining('Every order done exactly once: 16 of 16.') as string,
  });
  expect(output).toContain(`${GPU_WORKER} has died, and not by our hand`);
  expect(output).toContain(`${GPU_WORKER} is started again (process`);
}, 120_000);

it('starts servers of its own, and Ctrl-C leaves no process and no folder behind', async () => {
  const show = start(SMALL);
  const output = await saidUntil(/the ledger knows/, show);

  expect(await interrupt(show)).toEqual([1, null]);
  expect(survivors(output, 4)).toEqual([]);
  expect(readdirSync(temporary)).toEqual([]);
}, 120_000);

describeWithRedis('with a redis-server on the PATH', () => {
  endsWithEveryOrderDone('bullmq');

  it('takes the Redis that it finds, whose queues carry the work, and which does not outlive it', async () => {
    const show = start([...SMALL, '--database', POSTGRES]);
    const output = await saidUntil(/delivered [1-9]/, show);
    const redis = new Redis(Number(/Redis of our own on port (\d+)/.exec(output)![1]));
    const told = await Promise.all(['default', 'gpu'].map((pool) => redis.xlen(`bull:triggers-${pool}:events`)));
    redis.disconnect();
    expect(Math.min(...told)).toBeGreaterThan(0);

    await interrupt(show, 'SIGKILL');
    expect(() => process.kill(processOf('Redis', output), 0)).toThrow('ESRCH');
    for (const name of await databases()) await sql(`DROP DATABASE ${name} WITH (FORCE)`);
  }, 120_000);
});

describe('without a redis-server on the PATH', () => {
  const nowhere = { PATH: '/nowhere' };

  it('goes on with the store transport, and says so', async () => {
    const show = start([...SMALL, '--database', POSTGRES], nowhere);
    const output = await saidUntil(/the ledger knows/, show);
    await interrupt(show);

    expect(output).toContain('there is no redis-server on this machine (Debian: apt-get install redis-server; ');
    expect(output).toContain('transport store: ');
  }, 120_000);

  it('refuses --transport bullmq', () => {
    const args = [MAIN, '--transport', 'bullmq'];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: nowhere });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: expect.stringContaining('cluster: --transport bullmq needs redis-server') as string,
    });
  });
});

it.each([
  [['--files', 'many'], 'cluster: --files is "many"; use a whole number from 8 to 500.\n'],
  [['--calls', '0'], 'cluster: --calls is "0"; use a whole number from 1 to 500.\n'],
  [['--transport', 'pigeon'], 'cluster: --transport is "pigeon"; use bullmq or store.\n'],
])('refuses %j and says why', (args, message) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { encoding: 'utf8' });
  expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: message });
});

describe('a database that is migrated before the deploy', () => {
  const name = `cluster_e2e_${process.pid}`;
  const url = new URL(POSTGRES);
  url.pathname = `/${name}`;
  const env = { ...process.env, TRIGGERS_DATABASE: url.href };

  beforeEach(() => sql(`CREATE DATABASE ${name}`));
  afterEach(async () => {
    await sql(`DROP DATABASE ${name} WITH (FORCE)`);
    await sql(`DROP ROLE IF EXISTS ${name}`);
  });

  it('has every table, and no process has run on it', async () => {
    const { status, stderr } = spawnSync(process.execPath, [MIGRATE], { encoding: 'utf8', env });

    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(await sql('SELECT count(*) FROM triggers_migrations', url.href)).not.toEqual([{ count: '0' }]);
    expect(await sql('SELECT id FROM triggers_node', url.href)).toEqual([]);
  });

  it('is enough for a user who may only read and write', async () => {
    spawnSync(process.execPath, [MIGRATE], { env });
    await sql(
      `CREATE ROLE ${name} LOGIN PASSWORD 'of-the-app'; REVOKE CREATE ON SCHEMA public FROM PUBLIC;
      GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name};
      GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${name}`,
      url.href,
    );
    const limited = new URL(url);
    [limited.username, limited.password] = [name, 'of-the-app'];
    const node = fork(NODE, [], { env: { ...env, TRIGGERS_DATABASE: limited.href, ROLES: 'worker', PORT: '0' } });
    const [started] = (await once(node, 'message')) as [{ url: string }];

    const answer = await fetch(`${started.url}/health`);
    expect([answer.status, await answer.json()]).toEqual([200, { status: 'ok' }]);
    expect(await sql('SELECT roles FROM triggers_node', url.href)).toHaveLength(1);

    const ended = once(node, 'exit');
    node.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  });
});
