import { fork, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';

const MAIN = join(__dirname, '../dist/main.js');
const MIGRATE = join(__dirname, '../dist/migrate/main.js');
const NODE = join(__dirname, '../dist/node/main.js');
const POSTGRES = String(process.env['TEST_POSTGRES_URL']);
const SMALL = ['--files', '12', '--calls', '4', '--seconds', '4'];

let temporary: string;

beforeEach(() => {
  temporary = mkdtempSync(join(tmpdir(), 'cluster-e2e-'));
  chmodSync(temporary, 0o755); // as root, Postgres runs as another user, who must be able to enter
});
afterEach(() => rmSync(temporary, { recursive: true }));

/** The show, with a folder of its own for what it puts away. */
function play(args: readonly string[]): ChildProcess {
  const env = { ...process.env, TMPDIR: temporary };
  return spawn(process.execPath, [MAIN, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function sql<R extends object>(text: string, url = POSTGRES): Promise<R[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return (await client.query<R>(text).finally(() => client.end())).rows;
}

async function databases(): Promise<string[]> {
  const found = await sql<{ datname: string }>(`SELECT datname FROM pg_database WHERE datname LIKE 'cluster_show_%'`);
  return found.map(({ datname }) => datname);
}

/** Those of the processes that it told about which are still there. */
function survivors(output: string): string[] {
  const told = [...output.matchAll(/\(process (\d+)\)/g)].map(([, pid = '']) => pid);
  expect(told.length).toBeGreaterThanOrEqual(4);
  return told.filter((pid) => {
    try {
      return process.kill(Number(pid), 0);
    } catch {
      return false;
    }
  });
}

it('ends with every order done exactly once, although a worker and the scheduler are killed', async () => {
  const show = play([...SMALL, '--database', POSTGRES]);
  let output = '';
  show.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(show, 'exit')) as [number | null];

  expect({ code, output }).toEqual({
    code: 0,
    output: expect.stringContaining('Every order done exactly once: 16 of 16.') as string,
  });
  expect(output).toMatch(/kill -9 worker-[12], in the middle of delivering \S+/);
  expect(output).toContain('kill -9 scheduler');
  expect(output).toMatch(/16 reports delivered; [1-9]\d* delivered again under the same key, and recognised/);
  expect(output).toMatch(
    /by whom +tasks: worker-1 \d+, worker-2 \d+, worker-3 \d+; [1-9]\d* reports were made by more than one/,
  );
  expect([readdirSync(temporary), await databases(), survivors(output)]).toEqual([[], [], []]);
}, 120_000);

it('starts a Postgres of its own, and Ctrl-C leaves no process and no folder behind', async () => {
  const show = play(SMALL);
  let output = '';
  for await (const line of createInterface({ input: show.stdout! })) {
    output += `${line}\n`;
    if (line.includes('the ledger knows')) break;
  }
  show.stdout!.resume();
  const ended = once(show, 'exit');
  show.kill('SIGINT');

  expect(await ended).toEqual([1, null]);
  expect([readdirSync(temporary), survivors(output)]).toEqual([[], []]);
}, 120_000);

it.each([
  [['--files', 'many'], 'cluster: --files is "many"; use a whole number from 8 to 500.\n'],
  [['--calls', '0'], 'cluster: --calls is "0"; use a whole number from 1 to 500.\n'],
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
