import type { DataSource, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { currentCause } from '../../../model/causation.js';
import type { Cause } from '../../../model/causation.js';

/** A transaction that TypeORM has begun or is about to commit. */
interface Transaction {
  readonly queryRunner: QueryRunner;
}

/** Leaves the cause of a transaction where the capture finds it, by a statement in that transaction. */
export type NoteCause = (runner: QueryRunner, cause: string) => Promise<unknown>;

/** How a cause is written into an outbox. */
export function causeText({ executionId, depth }: Cause): string {
  return `${executionId}:${depth}`;
}

/** A DataSource may be given to several applications, one after the other. */
const noting = new WeakSet<DataSource>();

/**
 * Tells the database which execution writes, for transactions that TypeORM begins inside a task or a method that was called for one:
 * what they write is known to be caused by it. What is written without a transaction is not.
 *
 * @param when the moment at which the cause is noted
 */
export function noteCauses(source: DataSource, when: 'start' | 'commit', note: NoteCause): void {
  if (noting.has(source)) return;
  noting.add(source);
  const noted = async ({ queryRunner }: Transaction): Promise<void> => {
    const cause = currentCause();
    if (cause !== undefined) await note(queryRunner, causeText(cause));
  };
  const subscriber: EntitySubscriberInterface =
    when === 'start' ? { afterTransactionStart: noted } : { beforeTransactionCommit: noted };
  source.subscribers.push(subscriber);
}
