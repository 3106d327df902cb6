import type { DatabaseOptions } from 'nestjs-triggers';

/** The tables of the ledger that the checker reads. */
export const TABLES = {
  firings: 'triggers_firing',
  executions: 'triggers_execution',
  tasks: 'triggers_task',
  triggers: 'triggers_trigger',
  nodes: 'triggers_node',
  followUps: 'triggers_follow_up',
} as const;

/** The tables of the application, in the same schema on Postgres, in a file of their own on SQLite. */
export const APPLICATION_TABLES = { entries: 'entry', outbox: 'triggers_outbox' } as const;

/** A row as plain SQL returns it. */
export type Row = Readonly<Record<string, unknown>>;

/** Everything that the checker reads, by plain SQL. */
export type LedgerRows = Readonly<Record<keyof typeof TABLES | keyof typeof APPLICATION_TABLES, readonly Row[]>>;

/** The database of one round. */
export interface Ledger {
  /** For workers. */
  readonly place: { readonly url: string; readonly schema?: string };
  /** For `checkDatabase`. */
  readonly options: DatabaseOptions;
  /** Reads all tables in one snapshot; `null` while the tables are not there or the database does not answer. */
  read(): Promise<LedgerRows | null>;
  /** Writes what is not in the folder of the round into it, for whoever looks at a failure. */
  keepIn(folder: string): Promise<void>;
  remove(): Promise<void>;
}

/** Where the ledgers of a run live. */
export interface LedgerServer {
  /** A new, empty ledger; `folder` is where files go. */
  ledger(folder: string): Promise<Ledger>;
  /** Ends the server as a power cut would, and starts it again at once. Only where there is one. */
  crash?(): Promise<void>;
  close(): Promise<void>;
}
