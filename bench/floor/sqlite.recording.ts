import { copyFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import Database from 'better-sqlite3';
import type { SqliteDatabaseOptions } from 'nestjs-triggers';
import type { Recording } from './recording.js';

type Method = 'run' | 'get' | 'all';
/** A statement of the driver; its own type tells parameters apart that nobody knows here. */
interface Statement {
  run(...parameters: unknown[]): unknown;
  get(...parameters: unknown[]): unknown;
  all(...parameters: unknown[]): unknown;
}
type Call = readonly [text: string, method: Method | 'exec', parameters: unknown[]];

/** How the driver is used for transactions and checkpoints stands here as it does in the library. */
const PRAGMAS = ['journal_mode = WAL', 'synchronous = FULL', 'wal_autocheckpoint = 10000'];

/** Watches every connection to this file that may write. No application has it open when it begins. */
export async function recordSqlite(
  { path = '' }: SqliteDatabaseOptions,
  work: () => Promise<unknown>,
): Promise<Recording> {
  const before = `${path}.before`;
  copyFileSync(path, before);
  const calls = await recorded(resolve(path), work);
  return {
    replay: async () => {
      const copy = `${path}.again`;
      copyFileSync(before, copy);
      const ms = replay(copy, calls);
      for (const end of ['', '-wal', '-shm']) rmSync(`${copy}${end}`, { force: true });
      return ms;
    },
  };
}

async function recorded(path: string, work: () => Promise<unknown>): Promise<readonly Call[]> {
  const calls: Call[] = [];
  // Beside it lies the file whose lock says who owns it.
  const isIt = ({ name }: Database.Database): boolean => resolve(name) === path;
  const { prepare, exec } = Database.prototype;
  Database.prototype.prepare = function (this: Database.Database, text: string) {
    const statement = prepare.call(this, text);
    if (isIt(this) && !this.readonly) watch(statement, (method, given) => calls.push([text, method, given]));
    return statement;
  } as typeof prepare;
  Database.prototype.exec = function (this: Database.Database, text: string) {
    if (isIt(this)) calls.push([text, 'exec', []]);
    return exec.call(this, text);
  };
  try {
    await work();
  } finally {
    Object.assign(Database.prototype, { prepare, exec });
  }
  return calls;
}

function replay(path: string, calls: readonly Call[]): number {
  const db = new Database(path);
  for (const pragma of PRAGMAS) db.pragma(pragma);
  const prepared = new Map<string, Statement>();
  const started = performance.now();
  for (const [text, method, parameters] of calls) {
    if (method === 'exec') db.exec(text);
    else {
      const statement = prepared.get(text) ?? db.prepare(text);
      prepared.set(text, statement);
      statement[method](...parameters);
    }
  }
  const ms = performance.now() - started;
  db.close();
  return ms;
}

function watch(statement: Database.Statement, told: (method: Method, parameters: unknown[]) => void): void {
  for (const method of ['run', 'get', 'all'] as const) {
    const original = statement[method].bind(statement) as (...given: unknown[]) => never;
    statement[method] = (...given: unknown[]) => {
      told(method, given.map(copyOf));
      return original(...given);
    };
  }
}

/** Parameters are in arrays and records that are used again. */
function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return [...(value as unknown[])];
  return typeof value === 'object' && value !== null && !Buffer.isBuffer(value) ? { ...value } : value;
}
