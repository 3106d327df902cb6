import type pg from 'pg';
import { TestClock } from '../../testing/test-clock.js';
import { answerTo, askAhead, batch, run, send } from './batch.js';
import type { Work } from './batch.js';
import type { TransactionFailure } from './dialect.js';
import { PostgresStatements } from './postgres.statements.js';
import { PostgresTransaction } from './postgres.transaction.js';

const [FIRST, SECOND, AHEAD] = ['first', 'second', 'ahead'].map((name) => batch(name, {}, () => name));

/** A statement that has arrived, and how it is answered. */
interface Arrived {
  readonly text: string;
  answer(rows?: readonly object[]): void;
  refuse(error: Error): void;
}

/** A connection whose other end is the test. */
class FakeConnection {
  readonly arrived: Arrived[] = [];
  readonly released: unknown[] = [];

  constructor(readonly pipeline: boolean) {}

  query({ text }: pg.QueryConfig): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const command = text.split(' ')[0];
      this.arrived.push({ text, answer: (rows = []) => resolve({ command, rows }), refuse: reject });
    });
  }

  on(): void {}

  off(): void {}

  release(error?: unknown): void {
    this.released.push(error);
  }

  get texts(): string[] {
    return this.arrived.map(({ text }) => text);
  }

  /** Answers what has arrived since, each after the other, and what arrives because of that. */
  async answerAll(how: (statement: Arrived) => void = (statement) => statement.answer()): Promise<void> {
    for (let at = 0; at < this.arrived.length; at += 1) {
      how(this.arrived[at] as Arrived);
      await settled();
    }
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** As the server says it. */
function refusal(code: string): Error {
  return Object.assign(new Error(code), { code, severity: 'ERROR' });
}

/** As the network says it. */
function reset(): Error {
  return Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
}

function transact<R>(work: () => Work<R>, pipeline = true) {
  const connection = new FakeConnection(pipeline);
  const transaction = new PostgresTransaction(
    connection as unknown as pg.PoolClient,
    new PostgresStatements(new TestClock()),
  );
  const outcome = transaction.run(work).then(
    (value) => ({ value }),
    ({ trouble, outcome: ended, cause }: TransactionFailure) => ({ trouble, outcome: ended, cause }),
  );
  return { connection, outcome };
}

function* sendBoth(): Work<string> {
  yield* send(FIRST!, [[]]);
  yield* send(SECOND!, [[]]);
  return 'done';
}

describe('PostgresTransaction', () => {
  it('sends everything at once when nothing of it is waited for', async () => {
    const { connection, outcome } = transact(sendBoth);
    await settled();
    expect(connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'second', 'COMMIT']);
    await connection.answerAll();
    expect(await outcome).toEqual({ value: 'done' });
    expect(connection.released).toEqual([undefined]);
  });

  it('waits for what the work asks for, and sends the rest with COMMIT', async () => {
    const { connection, outcome } = transact(function* () {
      const rows = yield* run(FIRST!, [[]]);
      yield* send(SECOND!, [[]]);
      return rows;
    });
    await settled();
    expect(connection.texts).toEqual(['BEGIN READ WRITE', 'first']);
    connection.arrived.forEach((statement) => statement.answer([{ id: 1 }]));
    await settled();
    expect(connection.texts.slice(2)).toEqual(['second', 'COMMIT']);
    connection.arrived.slice(2).forEach((statement) => statement.answer());
    expect(await outcome).toEqual({ value: [{ id: 1 }] });
  });

  it('tells what was only heard when the commit is there, and nothing of it when it is rolled back', async () => {
    const heard: unknown[] = [];
    const work = function* (): Work<void> {
      yield* send(FIRST!, [[]], (rows) => heard.push(rows));
    };
    const refused = transact(work);
    await refused.connection.answerAll((statement) =>
      statement.text === 'COMMIT' ? statement.refuse(refusal('23503')) : statement.answer([{ id: 1 }]),
    );
    expect(await refused.outcome).toMatchObject({ trouble: 'item', outcome: 'rolledBack' });
    expect(heard).toEqual([]);
    const { connection, outcome } = transact(work);
    await settled();
    connection.arrived.slice(0, 2).forEach((statement) => statement.answer([{ id: 2 }]));
    await settled();
    expect(heard).toEqual([]);
    connection.arrived[2]?.answer();
    await outcome;
    expect(heard).toEqual([[{ id: 2 }]]);
  });

  it('tells why a statement failed that nobody waited for, not what failed because of it', async () => {
    const poison = refusal('22021');
    const { connection, outcome } = transact(function* () {
      yield* send(FIRST!, [[]]);
      return yield* run(SECOND!, [[]]);
    });
    await connection.answerAll(({ text, answer, refuse }) => {
      if (text === 'first') refuse(poison);
      else if (text === 'second') refuse(refusal('25P02'));
      else answer();
    });
    expect(await outcome).toEqual({ trouble: 'item', outcome: 'rolledBack', cause: poison });
    expect(connection.texts.at(-1)).toBe('ROLLBACK');
    expect(connection.released).toEqual([undefined]);
  });

  it('tells why a statement failed although the work itself throws later', async () => {
    const deadlock = refusal('40P01');
    const { connection, outcome } = transact(function* (): Work<void> {
      yield* send(FIRST!, [[]]);
      throw new Error('the work');
    });
    await connection.answerAll(({ text, answer, refuse }) => (text === 'first' ? refuse(deadlock) : answer()));
    expect(await outcome).toEqual({ trouble: 'conflict', outcome: 'rolledBack', cause: deadlock });
  });

  it('trusts no COMMIT that is answered with ROLLBACK', async () => {
    const full = refusal('53100');
    const { connection, outcome } = transact(sendBoth);
    await settled();
    const [begin, first, second, commit] = connection.arrived;
    begin?.answer();
    first?.answer();
    second?.refuse(full);
    (commit as Arrived & { text: string }).answer();
    expect(await outcome).toEqual({ trouble: 'away', outcome: 'rolledBack', cause: full });
  });

  it.each(['ROLLBACK', undefined])(
    'commits nothing when COMMIT is answered with %s and nothing has failed',
    async (command) => {
      const { connection, outcome } = transact(sendBoth);
      jest.spyOn(connection, 'query').mockResolvedValue({ command, rows: [] });
      await connection.answerAll();
      expect(await outcome).toMatchObject({ trouble: 'item', outcome: 'rolledBack' });
    },
  );

  it('does not know the outcome when the connection breaks before COMMIT was answered', async () => {
    const { connection, outcome } = transact(sendBoth);
    await settled();
    const lost = reset();
    connection.arrived[0]?.answer();
    connection.arrived.slice(1).forEach((statement) => statement.refuse(lost));
    expect(await outcome).toEqual({ trouble: 'away', outcome: 'unknown', cause: lost });
    expect(connection.released).toEqual([lost]);
  });

  it('knows that nothing was committed when a statement was refused before the connection broke', async () => {
    const { connection, outcome } = transact(sendBoth);
    await settled();
    const stops = refusal('57P01');
    connection.arrived[0]?.answer();
    connection.arrived[1]?.refuse(stops);
    connection.arrived.slice(2).forEach((statement) => statement.refuse(reset()));
    expect(await outcome).toEqual({ trouble: 'away', outcome: 'rolledBack', cause: stops });
  });

  it('does not know the outcome when the server stops while COMMIT is on its way', async () => {
    const { connection, outcome } = transact(sendBoth);
    await connection.answerAll(({ text, answer, refuse }) => (text === 'COMMIT' ? refuse(refusal('57P01')) : answer()));
    expect(await outcome).toMatchObject({ trouble: 'away', outcome: 'unknown' });
  });

  it('knows that nothing was committed when the connection breaks before COMMIT was sent', async () => {
    const { connection, outcome } = transact(function* () {
      yield* send(FIRST!, [[]]);
      return yield* run(SECOND!, [[]]);
    });
    await settled();
    connection.arrived.forEach((statement) => statement.refuse(reset()));
    expect(await outcome).toMatchObject({ trouble: 'away', outcome: 'rolledBack' });
    expect(connection.texts).not.toContain('COMMIT');
    expect(connection.released).toEqual([expect.any(Error)]);
  });

  it('blames no item for a BEGIN that failed', async () => {
    const cancelled = refusal('57014');
    const { connection, outcome } = transact(sendBoth);
    await connection.answerAll(({ text, answer, refuse }) => {
      if (text.startsWith('BEGIN')) refuse(cancelled);
      else if (text === 'COMMIT') answer();
      else refuse(refusal('25006'));
    });
    expect(await outcome).toEqual({ trouble: 'away', outcome: 'rolledBack', cause: cancelled });
    expect(connection.released).toEqual([cancelled]);
  });

  it('gives no connection back that could not roll back', async () => {
    const { connection, outcome } = transact(function* (): Work<void> {
      yield* [];
      throw new Error('the work');
    });
    await connection.answerAll(({ text, answer, refuse }) => (text === 'ROLLBACK' ? refuse(reset()) : answer()));
    expect(await outcome).toMatchObject({ outcome: 'rolledBack' });
    expect(connection.released).toEqual([expect.any(Error)]);
  });

  it('waits for each statement where the connection takes one at a time', async () => {
    const { connection, outcome } = transact(sendBoth, false);
    for (const [at, text] of ['BEGIN READ WRITE', 'first', 'second', 'COMMIT'].entries()) {
      await settled();
      expect(connection.texts.slice(at)).toEqual([text]);
      connection.arrived[at]?.answer();
    }
    expect(await outcome).toEqual({ value: 'done' });
  });

  it('sends nothing behind a failure where the connection takes one at a time', async () => {
    const poison = refusal('22021');
    const { connection, outcome } = transact(sendBoth, false);
    await connection.answerAll(({ text, answer, refuse }) => (text === 'first' ? refuse(poison) : answer()));
    expect(await outcome).toEqual({ trouble: 'item', outcome: 'rolledBack', cause: poison });
    expect(connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'ROLLBACK']);
  });

  describe('of what is asked ahead', () => {
    const answerEach = (connection: FakeConnection): Promise<void> =>
      connection.answerAll(({ text, answer }) => answer([{ of: text, at: connection.arrived.length }]));

    it('sends it right behind what is waited for, and answers both at once', async () => {
      const { connection, outcome } = transact(function* () {
        const ahead = yield* askAhead(AHEAD!, [[]]);
        yield* send(FIRST!, [[]]);
        const [asked] = yield* run(SECOND!, [[]]);
        const [found] = yield* answerTo(ahead);
        return [asked?.['of'], found?.['of']];
      });
      await settled();
      expect(connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'second', 'ahead']);
      await answerEach(connection);
      expect(await outcome).toEqual({ value: ['second', 'ahead'] });
      expect(connection.texts.slice(4)).toEqual(['COMMIT']);
    });

    it('asks again where something else was waited for since', async () => {
      const { connection, outcome } = transact(function* () {
        const ahead = yield* askAhead(AHEAD!, [[]]);
        yield* run(FIRST!, [[]]);
        yield* run(SECOND!, [[]]);
        return (yield* answerTo(ahead)).map(({ at }) => at);
      });
      await answerEach(connection);
      expect(connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'ahead', 'second', 'ahead', 'COMMIT']);
      expect(await outcome).toEqual({ value: [5] });
    });

    it('asks for it by itself where nothing else is waited for, and for nothing that is not needed', async () => {
      const answered = transact(function* () {
        const ahead = yield* askAhead(AHEAD!, [[]]);
        yield* send(FIRST!, [[]]);
        return (yield* answerTo(ahead)).length;
      });
      await answerEach(answered.connection);
      expect(answered.connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'ahead', 'COMMIT']);
      expect(await answered.outcome).toEqual({ value: 1 });
      const unasked = transact(function* () {
        yield* askAhead(AHEAD!, [[]]);
        yield* send(FIRST!, [[]]);
      });
      await answerEach(unasked.connection);
      expect(unasked.connection.texts).toEqual(['BEGIN READ WRITE', 'first', 'COMMIT']);
    });

    it('fails with it', async () => {
      const poison = refusal('22021');
      const { connection, outcome } = transact(function* () {
        const ahead = yield* askAhead(AHEAD!, [[]]);
        yield* run(FIRST!, [[]]);
        return yield* answerTo(ahead);
      });
      await connection.answerAll(({ text, answer, refuse }) => (text === 'ahead' ? refuse(poison) : answer()));
      expect(await outcome).toEqual({ trouble: 'item', outcome: 'rolledBack', cause: poison });
    });

    it('waits for each where the connection takes one at a time', async () => {
      const { connection, outcome } = transact(function* () {
        const ahead = yield* askAhead(AHEAD!, [[]]);
        yield* run(FIRST!, [[]]);
        return (yield* answerTo(ahead)).length;
      }, false);
      for (const [at, text] of ['BEGIN READ WRITE', 'first', 'ahead', 'COMMIT'].entries()) {
        await settled();
        expect(connection.texts.slice(at)).toEqual([text]);
        connection.arrived[at]?.answer([{}]);
      }
      expect(await outcome).toEqual({ value: 1 });
    });
  });
});
