import type { DataSource } from 'typeorm';
import type { Batch, Rows, Work } from './batch.js';
import type { NoticeChannel } from './notice-channel.js';

/**
 * What an error of the database means for the work that met it.
 * - `busy`: somebody else holds the database; the same work succeeds in a moment.
 * - `conflict`: a deadlock or a serialization failure; repeat the whole group.
 * - `away`: the database does not answer or cannot write; keep the work and try again later.
 * - `item`: something in the work itself is wrong.
 */
export type StoreTrouble = 'busy' | 'conflict' | 'away' | 'item';

/** How a transaction ended badly: `unknown` when the connection broke while COMMIT was on its way. */
export class TransactionFailure extends Error {
  constructor(
    readonly trouble: StoreTrouble,
    readonly outcome: 'rolledBack' | 'unknown',
    override readonly cause: unknown,
  ) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** Everything that differs between the databases; the rest of the store is written once. */
export interface Dialect {
  readonly type: 'sqlite' | 'postgres';
  /** The connection that owns writing; migrations and the hot path use it. */
  readonly writer: DataSource;
  /** What history and admin read through; sees committed rows only. */
  readonly reader: DataSource;
  /** What processes on this database tell each other. */
  readonly notices: NoticeChannel;
  /** Opens the connections; nothing is created yet. */
  open(): Promise<void>;
  close(): Promise<void>;
  /** Runs `migrate` while no other process can. */
  exclusively(migrate: () => Promise<void>): Promise<void>;
  /**
   * Runs one unit of work in one transaction: all of it or nothing.
   *
   * @throws TransactionFailure
   */
  transaction<R>(work: () => Work<R>): Promise<R>;
  /** Runs one statement that only reads, outside any transaction, and sees committed rows only. */
  read(batch: Batch, rows: readonly (readonly unknown[])[]): Promise<Rows>;
  /** Becomes the one process that runs the engine, if nobody else is. Always true where many may. */
  acquireOwnership(): boolean;
  releaseOwnership(): void;
  /** The owner, for a message to an operator; `null` where many processes run the engine. */
  readonly ownershipFile: string | null;
}
