import { once } from 'node:events';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { join } from 'node:path';
import type { DatabaseOptions } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import { DIALECTS, newDatabase, postgresUrl } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { newFolder, removeFolders } from '../support/folder.js';
import { Work } from '../support/work.js';

afterEach(async () => {
  await cleanUp();
  removeFolders();
});

/** Why an application does not start on these options. */
async function refusal(options: DatabaseOptions): Promise<unknown> {
  const database = { options } as TestDatabase;
  return boot({ database, providers: [Work] }).then(
    () => new Error('it started'),
    (error: unknown) => error,
  );
}

describe('a SQLite file that cannot be used', () => {
  const sqlite = (path: string): Promise<unknown> => refusal({ type: 'sqlite', path });

  it('in a folder that is missing: the message names the folder and the option', async () => {
    const folder = join(newFolder(), 'missing');
    expect(await sqlite(join(folder, 'triggers.db'))).toMatchObject({
      code: 'TRG_STORE_PATH',
      message: `The folder "${folder}" of the database does not exist. Create it, or set "database.path".`,
    });
  });

  it('that is a folder', async () => {
    const path = join(newFolder(), 'triggers.db');
    mkdirSync(path);
    expect(await sqlite(path)).toMatchObject({
      code: 'TRG_STORE_PATH',
      message: expect.stringContaining(`"${path}" is a folder`),
    });
  });

  it('that is read-only', async () => {
    const database = await newDatabase('sqlite');
    await (await boot({ database, providers: [Work] })).close();
    const path = database.environment['DATABASE'] as string;
    chmodSync(path, 0o444);
    expect(await refusal(database.options)).toMatchObject({
      code: 'TRG_STORE_READ_ONLY',
      message: `"${path}" cannot be written. Give this user the right to write it.`,
    });
  });

  it.each([
    ['is no database', () => Buffer.from('These are the notes of Monday. '.repeat(100))],
    ['is damaged', (good: Buffer) => Buffer.concat([good.subarray(0, 100), Buffer.alloc(good.length - 100, 0x5a)])],
  ])('that %s: nothing of it is changed', async (_what, spoil) => {
    const database = await newDatabase('sqlite');
    await (await boot({ database, providers: [Work] })).close();
    const path = database.environment['DATABASE'] as string;
    const spoilt = spoil(readFileSync(path));
    writeFileSync(path, spoilt);
    expect(await refusal(database.options)).toMatchObject({
      code: 'TRG_STORE_CORRUPT',
      message: expect.stringMatching(/damaged or no SQLite database .*Restore a backup, or move the file away/),
    });
    expect(readFileSync(path).equals(spoilt)).toBe(true);
  });
});

describe('a Postgres that does not answer', () => {
  const unavailable = (url: string) => ({
    code: 'TRG_STORE_UNAVAILABLE',
    message: expect.stringMatching(
      new RegExp(`^Postgres at ${url} does not answer: .*Check "database.url" and that the server runs\\.$`),
    ),
  });

  it('because nobody listens: the message has the address without the password', async () => {
    const port = await unusedPort();
    const error = await refusal({ type: 'postgres', url: `postgres://app:s3cr3t@127.0.0.1:${port}/app` });
    expect(error).toMatchObject(unavailable(`postgres://127\\.0\\.0\\.1:${port}/app`));
    expect((error as Error).message).not.toContain('s3cr3t');
  });

  it('because the password is wrong', async () => {
    const url = new URL(postgresUrl());
    url.password = 'wrong-password';
    const error = await refusal({ type: 'postgres', url: url.href });
    expect(error).toMatchObject({
      code: 'TRG_STORE_UNAVAILABLE',
      message: expect.stringContaining('password authentication failed'),
    });
    expect((error as Error).message).not.toContain('wrong-password');
  });

  it('because the listener never says a word', async () => {
    const silent = await listening();
    const { port } = silent.address() as AddressInfo;
    const error = await refusal({ type: 'postgres', url: `postgres://app@127.0.0.1:${port}/app` });
    silent.close();
    expect(error).toMatchObject(unavailable(`postgres://127\\.0\\.0\\.1:${port}/app`));
  });

  // Cloacina case 114
  it('for a schema that does not exist: the message names it', async () => {
    expect(await refusal({ type: 'postgres', url: postgresUrl(), schema: 'nobody_made_it' })).toMatchObject({
      code: 'TRG_STORE_SCHEMA',
      message: expect.stringContaining('CREATE SCHEMA "nobody_made_it"'),
    });
  });
});

describe.each(DIALECTS)('a schema that does not fit, on %s', (dialect) => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await newDatabase(dialect);
    await (await boot({ database, providers: [Work] })).close();
  });

  it('because a newer version migrated it', async () => {
    await database.query(
      `INSERT INTO triggers_migrations (timestamp, name) VALUES (1999000000000, 'Tomorrow1999000000000')`,
    );
    expect(await refusal(database.options)).toMatchObject({
      code: 'TRG_STORE_SCHEMA_NEWER',
      message: expect.stringMatching(/newer version.*Tomorrow1999000000000.*Deploy that version/),
    });
  });

  it.each([
    ['an index', 'DROP INDEX triggers_task_ready', 'index triggers_task_ready'],
    ['a table', 'DROP TABLE triggers_dedup', 'table triggers_dedup'],
  ])('because %s is missing', async (_what, sql, missing) => {
    await database.query(sql);
    expect(await refusal(database.options)).toMatchObject({
      code: 'TRG_STORE_SCHEMA',
      message: expect.stringMatching(new RegExp(`missing: ${missing}\\..*Restore it`)),
    });
  });
});

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

async function unusedPort(): Promise<number> {
  const probe = await listening();
  const { port } = probe.address() as AddressInfo;
  await once(probe.close(), 'close');
  return port;
}
