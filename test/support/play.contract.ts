import { spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { ROOT } from '../docs/markdown.js';
import { postgresUrl } from './database.js';
import { newFolder, removeFolders } from './folder.js';
import { interrupt, play, saidToTheEnd, saidUntil, survivors } from './program.js';
import { Proxy } from './proxy.js';
import { databasesOf, sql } from './sql.js';
import { until } from './until.js';

/** An example that plays something, as it was built. */
export interface ExamplePlay {
  /** How its folder is called, and how its complaints begin. */
  readonly name: string;
  /** Starts it; what it needs it puts away in a folder of the test. */
  readonly start: (args?: readonly string[], env?: NodeJS.ProcessEnv) => ChildProcess;
  /** Runs one of its programs that ends at once. */
  readonly said: (args: readonly string[], options?: ProgramOptions) => Said;
  /** The databases that it has on the server of the test run. */
  readonly databases: () => Promise<string[]>;
  /** Which of its files and databases are still there. */
  readonly remains: () => Promise<string[]>;
}

/** How one of its programs is run. */
export interface ProgramOptions {
  /** @default 'main.js' */
  readonly program?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
}

/** What a program has said, and how it ended. */
export interface Said {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How one play differs from another one. */
export interface PlayManner {
  /** So that it is short. */
  readonly args: readonly string[];
  /** What it says when much is open, and how many processes it has told about by then. */
  readonly underWay: RegExp;
  readonly processes: number;
  /** All that it says before it needs its server. */
  readonly saysFirst: RegExp;
}

const POSTGRES = postgresUrl();

/** A play for the tests of a file. @param databases how the names of its databases begin */
export function usePlay(name: string, databases: string): ExamplePlay {
  const built = join(ROOT, 'apps', name, 'dist');
  const programs: ChildProcess[] = [];
  let folder: string;
  beforeEach(() => {
    folder = newFolder();
    chmodSync(folder, 0o755); // as root, a Postgres of its own runs as another user, who must be able to enter
  });
  afterEach(async () => {
    for (const program of programs.splice(0)) {
      program.kill('SIGKILL'); // where a test has not seen its end
      await sql(`DROP DATABASE IF EXISTS ${databases}${program.pid} WITH (FORCE)`);
    }
    removeFolders();
  });
  const mine = (): Promise<string[]> => databasesOf(databases);
  return {
    name,
    start: (args = [], env = {}) => {
      const program = play(join(built, 'main.js'), args, folder, env);
      programs.push(program);
      return program;
    },
    said: (args, { program = 'main.js', env = process.env, input = '' } = {}) => {
      const options = { encoding: 'utf8', env: { ...env, TMPDIR: folder }, input } as const;
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(built, program), ...args], options);
      return { status, stdout, stderr };
    },
    databases: mine,
    remains: async () => [...readdirSync(folder), ...(await mine())],
  };
}

/** What is true of every play, whatever it plays. */
export function itIsAPlay(example: ExamplePlay, manner: PlayManner): void {
  itEndsWithout(example, manner);
  itEndsWhenItsServerGoes(example, manner);

  it('leaves no process, no folder and no database behind when it is interrupted', async () => {
    const program = example.start([...manner.args, '--database', POSTGRES]);
    const output = await saidUntil(manner.underWay, program);

    expect(await interrupt(program)).toEqual([1, null]);
    expect([await example.remains(), survivors(output, manner.processes)]).toEqual([[], []]);
  }, 60_000);

  it('tells how it is called, and refuses what it does not know', () => {
    const { name, said } = example;
    expect(said(['--help'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`npm run example:${name} --`),
    });
    expect(said(['--database', 'shop.db'])).toEqual({
      status: 1,
      stdout: '',
      stderr: `${name}: --database takes the URL of a Postgres server: postgres://user:password@host:5432/postgres\n`,
    });
    expect(said(['--speed', '2'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining(`${name}: Unknown option '--speed'`),
    });
  });
}

/** It stays where it is told to, and what it prints for a further look can be asked. */
export function itStays({ start, remains }: ExamplePlay, processes: number): void {
  it('stays with --stay, for a look at the ledger by the commands that it prints', async () => {
    const program = start(['--stay']);
    const output = await saidUntil(/audit/, program);
    const [, token = ''] = /Bearer (\S+?)"/.exec(output) ?? [];
    const paths = [...output.matchAll(/^ {2}admin '?(http:[^\s']+)/gm)].map(([, path = '']) => path);
    expect(paths).toHaveLength(5);
    for (const path of paths) {
      const response = await fetch(path, { headers: { authorization: `Bearer ${token}` } });
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
    }

    expect(await interrupt(program)).toEqual([0, null]);
    expect([await remains(), survivors(output, processes)]).toEqual([[], []]);
  }, 120_000);
}

/** The cells of the rows of a table whose first one begins so, but for that one. */
export function rowsOf(output: string, first: string): string[][] {
  const rows = output.split('\n').filter((line) => line.startsWith(`  ${first}`));
  return rows.map((row) => row.trim().split(/ {2,}/).slice(1));
}

function itEndsWithout({ name, start, remains }: ExamplePlay, { args, saysFirst }: PlayManner): void {
  it.each<readonly [string, (server: Proxy) => void, RegExp]>([
    ['refuses', (server) => server.cut(), /.+/],
    ['is silent', (server) => server.stall(), /timeout expired/],
  ])(
    'ends with 1, says why and leaves nothing behind where its Postgres %s',
    async (_what, harm, why) => {
      const server = await Proxy.to(POSTGRES);
      harm(server);
      const program = start([...args, '--database', server.url]);
      const complaints = text(program.stderr!);
      const { code, output } = await saidToTheEnd(program);
      server.close();

      const { host, password } = new URL(server.url);
      expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(saysFirst) as string });
      expect(await complaints).toMatch(`${name}: The Postgres of --database (${host}) does not make a database: `);
      expect(await complaints).toMatch(why);
      expect(await complaints).not.toContain(`:${password}@`);
      expect([await remains(), survivors(output, 0)]).toEqual([[], []]);
    },
    60_000,
  );
}

function itEndsWhenItsServerGoes({ name, start, databases, remains }: ExamplePlay, { args }: PlayManner): void {
  it('ends with 1, names the database that it could not drop, and closes all else, where its Postgres goes away', async () => {
    const server = await Proxy.to(POSTGRES);
    const program = start([...args, '--database', server.url]);
    const complaints = text(program.stderr!);
    const ended = saidToTheEnd(program);
    const [left = ''] = await until(async () => {
      const made = await databases();
      return made.length > 0 && made;
    }, 'it makes a database');
    server.cut();
    const { code, output } = await ended;
    server.close();

    const { host } = new URL(server.url);
    expect({ code, complaints: await complaints }).toEqual({
      code: 1,
      complaints: expect.stringContaining(
        `${name}: The database ${left} stays on the Postgres of --database (${host}): `,
      ) as string,
    });
    expect(await complaints).toContain('did not start:');
    expect([await remains(), survivors(output, 0)]).toEqual([[left], []]);
  }, 120_000);
}
