import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { postgresUrl } from '../../../test/support/database.js';
import { itIsAPlay, usePlay } from '../../../test/support/play.contract.js';
import { interrupt, saidToTheEnd, saidUntil, survivors } from '../../../test/support/program.js';
import { describeWithRedis } from '../../../test/support/redis.js';
import { sql } from '../../../test/support/sql.js';

const MIGRATE = join(__dirname, '../dist/migrate/main.js');
const NODE = join(__dirname, '../dist/node/main.js');
const POSTGRES = postgresUrl();
/** The only one that serves pool `gpu`. */
const GPU_WORKER = 'worker-3';
const SMALL = ['--files', '12', '--calls', '4', '--seconds', '4'];

const show = usePlay('cluster', 'cluster_show_');

function processOf(name: string, output: string): number {
  return Number(new RegExp(`${name}.*? \\(process (\\d+)\\)`).exec(output)![1]);
}

/** A whole show. */
function endsWithEveryOrderDone(transport: 'store' | 'bullmq'): void {
  it(`ends with every order done exactly once by transport ${transport}, although a worker and the scheduler are killed`, async () => {
    const { code, output } = await saidToTheEnd(
      show.start([...SMALL, '--database', POSTGRES, '--transport', transport]),
    );

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
    expect([await show.remains(), survivors(output, 4)]).toEqual([[], []]);
  }, 120_000);
}

endsWithEveryOrderDone('store');

it('starts again what somebody else kills, and every order is done exactly once', async () => {
  const program = show.start([...SMALL, '--database', POSTGRES, '--transport', 'store']);
  const before = await saidUntil(/the ledger knows/, program);
  process.kill(processOf(GPU_WORKER, before), 'SIGKILL');
  const { code, output } = await saidToTheEnd(program);

  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining('Every order done exactly once: 16 of 16.') as string,
  });
  expect(output).toContain(`${GPU_WORKER} has died, and not by our hand`);
  expect(output).toContain(`${GPU_WORKER} is started again (process`);
}, 120_000);

it('starts servers of its own, and Ctrl-C leaves no process and no folder behind', async () => {
  const program = show.start(SMALL);
  const output = await saidUntil(/the ledger knows/, program);

  expect(await interrupt(program)).toEqual([1, null]);
  expect([await show.remains(), survivors(output, 4)]).toEqual([[], []]);
}, 120_000);

describeWithRedis('with a redis-server on the PATH', () => {
  endsWithEveryOrderDone('bullmq');

  it('takes the Redis that it finds, whose queues carry the work, and which does not outlive it', async () => {
    const program = show.start([...SMALL, '--database', POSTGRES]);
    const output = await saidUntil(/delivered [1-9]/, program);
    const redis = new Redis(Number(/Redis of our own on port (\d+)/.exec(output)![1]));
    const told = await Promise.all(['default', 'gpu'].map((pool) => redis.xlen(`bull:triggers-${pool}:events`)));
    redis.disconnect();
    expect(Math.min(...told)).toBeGreaterThan(0);

    await interrupt(program, 'SIGKILL');
    expect(() => process.kill(processOf('Redis', output), 0)).toThrow('ESRCH');
  }, 120_000);
});

describe('without a redis-server on the PATH', () => {
  const nowhere = { PATH: '/nowhere' };

  it('goes on with the store transport, and says so', async () => {
    const program = show.start([...SMALL, '--database', POSTGRES], nowhere);
    const output = await saidUntil(/the ledger knows/, program);
    await interrupt(program);

    expect(output).toContain('there is no redis-server on this machine (Debian: apt-get install redis-server; ');
    expect(output).toContain('transport store: ');
  }, 120_000);

  it('refuses --transport bullmq', () => {
    expect(show.said(['--transport', 'bullmq'], { env: nowhere })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('cluster: --transport bullmq needs redis-server'),
    });
  });
});

itIsAPlay(show, {
  args: SMALL,
  underWay: /delivered [1-9]/,
  processes: 4,
  saysFirst: /^(.* s {2}(there is no redis-server on|transport (store|bullmq):|making a database).*\n){2,3}$/,
});

it.each([
  [['--files', 'many'], 'cluster: --files is "many"; use a whole number from 8 to 500.\n'],
  [['--calls', '0'], 'cluster: --calls is "0"; use a whole number from 1 to 500.\n'],
  [['--transport', 'pigeon'], 'cluster: --transport is "pigeon"; use bullmq or store.\n'],
])('refuses %j and says why', (args, message) => {
  expect(show.said(args)).toEqual({ status: 1, stdout: '', stderr: message });
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
