import type pg from 'pg';
import type { Ahead, Answer, Rows, Step, Work } from './batch.js';
import { TransactionFailure } from './dialect.js';
import type { StoreTrouble } from './dialect.js';
import { IN_TIME, answerOf } from './postgres.statements.js';
import type { PostgresStatements } from './postgres.statements.js';
import { isAnswer, troubleOf } from './postgres.trouble.js';

const BEGIN = { text: 'BEGIN READ WRITE', ...IN_TIME };
const COMMIT = { text: 'COMMIT', ...IN_TIME };
const ROLLBACK = { text: 'ROLLBACK', ...IN_TIME };

/**
 * One transaction on one connection, in as few round trips as its work allows. BEGIN, statements whose answers are only heard,
 * and COMMIT leave at once; Postgres takes them in their order. Only what the work asks for is waited for, and what it asks ahead is
 * answered in the same round trip.
 *
 * - A statement that fails spoils what was sent behind it: Postgres refuses that, and answers COMMIT by rolling back. The first
 *   failure is the one that is told.
 * - Behind a BEGIN that failed, each statement would be committed by itself. So transactions of this connection only
 *   read unless they say otherwise, and Postgres refuses what stands outside of ours.
 * - The outcome is unknown if COMMIT was sent, and the connection broke before it, or a failure before it, was answered.
 *
 * A connection that takes one statement at a time (`pg` before 8.23) waits for each of them.
 */
export class PostgresTransaction {
  readonly #heard: (() => void)[] = [];
  /** Asked ahead, and not sent yet. */
  #ahead: Ahead[] = [];
  /** Asked ahead and answered; nothing was waited for since. */
  #fresh: Ahead[] = [];
  #failure: { readonly of: pg.QueryConfig; readonly error: unknown } | undefined;
  #committing = false;
  #broken: Error | undefined;
  readonly #onError = (error: Error): void => void (this.#broken = error);

  constructor(
    private readonly client: pg.PoolClient,
    private readonly statements: PostgresStatements,
  ) {}

  /** Runs the work, and gives the connection back. @throws TransactionFailure */
  async run<R>(work: () => Work<R>): Promise<R> {
    this.client.on('error', this.#onError);
    try {
      return await this.#run(work);
    } catch (error) {
      throw await this.#undo(error);
    } finally {
      this.client.off('error', this.#onError);
      this.client.release(this.#broken);
    }
  }

  async #run<R>(work: () => Work<R>): Promise<R> {
    await this.#send(BEGIN);
    const unit = work();
    let next = unit.next();
    while (next.done !== true) next = unit.next(await this.#take(next.value));
    this.#committing = true;
    const { command } = await this.#ask(COMMIT);
    if (command !== 'COMMIT') throw new Error(`Postgres answered COMMIT with ${command}.`);
    for (const heard of this.#heard) heard();
    return next.value;
  }

  async #take({ batch, rows, heard, ahead }: Step): Promise<Answer> {
    if (ahead !== undefined) this.#ahead.push(ahead);
    else if (heard !== undefined) await this.#send(this.statements.query(batch, rows), heard);
    else
      return answerOf(batch, (await this.#askWithAhead(this.statements.query(batch, rows))).rows as Rows, rows.length);
    return [];
  }

  async #askWithAhead(query: pg.QueryConfig): Promise<pg.QueryResult> {
    for (const ahead of this.#fresh) ahead.found = null;
    [this.#fresh, this.#ahead] = [this.#ahead.filter(({ isOver }) => !isOver), []];
    if (this.#fresh.length === 0) return this.#ask(query);
    const asked = this.#ask(query);
    if (this.client.pipeline !== true) await asked;
    const [result] = await Promise.all([asked, ...this.#fresh.map((ahead) => this.#askAhead(ahead))]);
    return result;
  }

  async #askAhead(ahead: Ahead): Promise<void> {
    const result = await this.#tell(this.statements.query(ahead.batch, ahead.rows));
    ahead.found = (result?.rows as Rows | undefined) ?? null;
  }

  async #ask(query: pg.QueryConfig): Promise<pg.QueryResult> {
    const result = await this.#tell(query);
    if (result === undefined || this.#failure !== undefined) throw this.#failure?.error;
    return result;
  }

  async #send(query: pg.QueryConfig, heard?: (rows: Rows) => void): Promise<void> {
    const answered = this.#tell(query, heard);
    if (this.client.pipeline === true) return;
    await answered;
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Never rejects: the first failure is kept for whoever waits next. */
  async #tell(query: pg.QueryConfig, heard?: (rows: Rows) => void): Promise<pg.QueryResult | undefined> {
    try {
      const result = await this.client.query(query);
      if (heard !== undefined) this.#heard.push(() => heard(result.rows as Rows));
      return result;
    } catch (error) {
      this.#failure ??= { of: query, error };
      return undefined;
    }
  }

  async #undo(thrown: unknown): Promise<TransactionFailure> {
    // Its answer comes after those of all that was sent, so the first failure is known then.
    if (!this.#committing && this.#trouble(thrown) !== 'away' && (await this.#tell(ROLLBACK)) === undefined)
      this.#broken ??= new Error('The connection could not roll back.');
    const error = this.#failure?.error ?? thrown;
    const trouble = this.#trouble(error);
    if (trouble === 'away') this.#broken ??= error as Error;
    return new TransactionFailure(trouble, this.#isUnknown(trouble) ? 'unknown' : 'rolledBack', error);
  }

  /** No item is to blame for a BEGIN that failed. */
  #trouble(error: unknown): StoreTrouble {
    return this.#failure?.of === BEGIN ? 'away' : troubleOf(error);
  }

  #isUnknown(trouble: StoreTrouble): boolean {
    if (!this.#committing || trouble !== 'away') return false;
    return this.#failure?.of === COMMIT || !isAnswer(this.#failure?.error);
  }
}
