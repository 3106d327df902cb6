import { TASK_EDGES, EXECUTION_EDGES } from '../../model/states.js';
import type { Store } from '../store.service.js';
import type { TestClock } from '../../testing/test-clock.js';
import { statement } from './kit.contract.js';
import { run } from '../dialects/batch.js';

/** How far a clock is moved to let a conflict be repeated; the second that a race lasts is never over. */
const REPEAT_MS = 50;

/** Waits for work of stores, and moves the clock when it waits for a moment to be repeated. */
export async function raced<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  const race = { isOver: false };
  const over = (): void => void (race.isOver = true);
  work.then(over, over);
  for (await clock.settle(); !race.isOver; await clock.settle()) await clock.advance(REPEAT_MS);
  return work;
}

/** Lets some turns of the event loop pass: what is submitted afterwards meets another group. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Deletes everything that a property left for its next run. */
export async function emptyLedger(store: Store): Promise<void> {
  await store.change(function* () {
    for (const table of ['dedup', 'task', 'execution', 'firing'])
      yield* run(statement(`DELETE FROM triggers_${table}`), [[]]);
  });
}

/** A model of the store: what it answers, and what it is then. */
export interface World<Asked, Next> {
  /** Two worlds with the same one answer alike for ever. */
  readonly fingerprint: string;
  ask(asked: Asked, now: number): { readonly answer: string; readonly next: Next };
}

/** Something that was asked, and what the store answered. */
export interface Answered<Asked> {
  readonly asked: Asked;
  readonly answer: string;
}

/**
 * Every world that the answers of a race leave possible: those that some order of the racers, one after the other, leads
 * to. None: nobody could have answered so.
 */
export function worldsAfter<Asked, W extends World<Asked, W>>(
  worlds: readonly W[],
  race: readonly Answered<Asked>[],
  now: number,
): W[] {
  const found = new Map<string, W>();
  const walk = (world: W, left: readonly Answered<Asked>[]): void => {
    if (left.length === 0) found.set(world.fingerprint, world);
    for (const racer of left) {
      const { answer, next } = world.ask(racer.asked, now);
      if (answer === racer.answer)
        walk(
          next,
          left.filter((other) => other !== racer),
        );
    }
  };
  for (const world of worlds) walk(world, race);
  return [...found.values()];
}

const LOGGED = { task: TASK_EDGES, execution: EXECUTION_EDGES } as const;

/**
 * Lets the database itself write down every change of a state, and returns how to read those that no table of states has.
 * Several changes of one commit are seen too, which reading between commits would miss.
 */
export async function watchEdges(store: Store): Promise<() => Promise<readonly string[]>> {
  const ddl = async (sql: string): Promise<void> => {
    await store.change(function* () {
      yield* run(statement(sql), [[]]);
    });
  };
  await ddl('CREATE TABLE seen_edges (what text, before text, after text)');
  for (const what of Object.keys(LOGGED)) {
    const insert = `INSERT INTO seen_edges VALUES ('${what}', OLD.state, NEW.state);`;
    const on = `AFTER UPDATE OF state ON triggers_${what} FOR EACH ROW WHEN (OLD.state <> NEW.state)`;
    if (store.dialect.type === 'sqlite') {
      await ddl(`CREATE TRIGGER log_${what} ${on} BEGIN ${insert} END`);
    } else {
      await ddl(
        `CREATE FUNCTION log_${what}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN ${insert} RETURN NULL; END $$`,
      );
      await ddl(`CREATE TRIGGER log_${what} ${on} EXECUTE FUNCTION log_${what}()`);
    }
  }
  return async () => {
    const rows = await store.read(statement('SELECT DISTINCT what, before, after FROM seen_edges'), [[]]);
    const edges = rows.map(
      (row) => [row['what'], row['before'], row['after']] as [keyof typeof LOGGED, string, string],
    );
    if (edges.length === 0) throw new Error('No change of a state was seen.');
    return edges
      .filter(
        ([what, before, after]) =>
          !(LOGGED[what] as Readonly<Record<string, readonly string[]>>)[before]?.includes(after),
      )
      .map(([what, before, after]) => `${what}: ${before} → ${after}`);
  };
}
