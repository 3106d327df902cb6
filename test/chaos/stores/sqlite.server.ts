import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { APPLICATION_TABLES, TABLES } from './ledger.js';
import type { Ledger, LedgerServer, Row } from './ledger.js';

/** Ledgers in files. */
export class SqliteServer implements LedgerServer {
  async ledger(folder: string): Promise<Ledger> {
    mkdirSync(join(folder, 'database'));
    const path = join(folder, 'database', 'triggers.db');
    return {
      place: { url: path },
      options: { type: 'sqlite', path },
      read: async () => {
        const ledger = readTables(path, TABLES);
        const application = readTables(join(folder, 'application.db'), APPLICATION_TABLES);
        return ledger && application && { ...ledger, ...application };
      },
      // The file lies in the folder already.
      keepIn: async () => undefined,
      remove: async () => undefined,
    };
  }

  async close(): Promise<void> {
    // Nothing runs.
  }
}

function readTables<Name extends string>(
  path: string,
  tables: Readonly<Record<Name, string>>,
): Record<Name, Row[]> | null {
  let file: Sqlite.Database | undefined;
  try {
    file = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: 1_000 });
    const read = file.transaction((db: Sqlite.Database) =>
      Object.fromEntries(Object.entries<string>(tables).map(([name, table]) => [name, all(db, table)])),
    );
    return read(file) as Record<Name, Row[]>;
  } catch {
    return null;
  } finally {
    file?.close();
  }
}

function all(db: Sqlite.Database, table: string): Row[] {
  return db.prepare(`SELECT * FROM ${table}`).all() as Row[];
}
