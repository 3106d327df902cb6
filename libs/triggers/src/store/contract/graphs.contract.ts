import fc from 'fast-check';
import type { TaskState } from '../../model/states.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { FAILED, FakeEngine, begin } from './work.contract.js';
import type { Graph } from './work.contract.js';

const RUN_WHEN = ['allSucceeded', 'allDone', 'anySucceeded', 'anyFailed', 'noneFailed'] as const;
type RunWhen = (typeof RUN_WHEN)[number];
type Ended = Extract<TaskState, 'completed' | 'failed' | 'skipped'>;

/** What `runWhen` means, said again without counters. */
function runs(when: RunWhen, before: readonly Ended[]): boolean {
  switch (when) {
    case 'allSucceeded':
      return before.every((state) => state === 'completed');
    case 'allDone':
      return true;
    case 'anySucceeded':
      return before.includes('completed');
    case 'anyFailed':
      return before.includes('failed');
    case 'noneFailed':
      return !before.includes('failed');
  }
}

function model(
  graph: Graph,
  when: Readonly<Record<string, RunWhen>>,
  failing: ReadonlySet<string>,
): Record<string, Ended> {
  const ends: Record<string, Ended> = {};
  for (const [task, dependencies] of Object.entries(graph)) {
    const before = dependencies.map((name) => ends[name] as Ended);
    const starts = dependencies.length === 0 || runs(when[task] ?? 'allSucceeded', before);
    ends[task] = starts ? (failing.has(task) ? 'failed' : 'completed') : 'skipped';
  }
  return ends;
}

/** Graphs of up to seven tasks in topological order, each with its `runWhen`, and the tasks that fail. */
const graphs = fc
  .array(fc.record({ picks: fc.nat({ max: 127 }), when: fc.constantFrom(...RUN_WHEN), fails: fc.boolean() }), {
    minLength: 1,
    maxLength: 7,
  })
  .map((tasks) => {
    const names = tasks.map((_, at) => `t${at}`);
    const graph = Object.fromEntries(
      tasks.map(({ picks }, at) => [`t${at}`, names.slice(0, at).filter((_, bit) => ((picks >> bit) & 1) === 1)]),
    );
    const when = Object.fromEntries(tasks.map((task, at) => [`t${at}`, task.when]));
    return { graph, when, failing: new Set(names.filter((_, at) => tasks[at]?.fails)) };
  });

/** Where an execution goes from the ends of its tasks. */
export function graphsContract(database: Database): void {
  describe('graphs', () => {
    const kit = useStoreKit(database);

    it.each<[string, Graph, Readonly<Record<string, RunWhen>>, readonly string[], Record<string, Ended>, string]>([
      [
        'a chain',
        { a: [], b: ['a'], c: ['b'] },
        {},
        [],
        { a: 'completed', b: 'completed', c: 'completed' },
        'completed',
      ],
      // 82: failed with a task downstream
      [
        'a chain that breaks',
        { a: [], b: ['a'], c: ['b'] },
        {},
        ['a'],
        { a: 'failed', b: 'skipped', c: 'skipped' },
        'failed',
      ],
      [
        'a fan-in with one side failed',
        { a: [], b: [], c: ['a', 'b'] },
        {},
        ['b'],
        { a: 'completed', b: 'failed', c: 'skipped' },
        'failed',
      ],
      [
        'a clean-up after a failure',
        { a: [], z: ['a'] },
        { z: 'anyFailed' },
        ['a'],
        { a: 'failed', z: 'completed' },
        'failed',
      ],
      [
        'a clean-up that is not needed',
        { a: [], z: ['a'] },
        { z: 'anyFailed' },
        [],
        { a: 'completed', z: 'skipped' },
        'completed',
      ],
      // 75: the fan-in behind a skip completes
      [
        'a fan-in behind a skip',
        { a: [], g: ['a'], j: ['a', 'g'] },
        { g: 'anyFailed', j: 'noneFailed' },
        [],
        { a: 'completed', g: 'skipped', j: 'completed' },
        'completed',
      ],
      [
        'a skip that skips',
        { a: [], b: ['a'], c: ['b'], d: ['c'] },
        { b: 'anyFailed', d: 'allDone' },
        [],
        { a: 'completed', b: 'skipped', c: 'skipped', d: 'completed' },
        'completed',
      ],
    ])('ends %s', async (_what, graph, runWhen, failing, ends, state) => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await begin(store, { graph, runWhen });
      await engine.runAll((task) => (failing.includes(task) ? FAILED : {}));
      const rows = await rowsOf(store, 'task', 'ordinal');
      expect(Object.fromEntries(rows.map((row) => [row['task'], row['state']]))).toEqual(ends);
      const reason = failing.length > 0 ? 'upstream_failed' : 'run_when';
      for (const row of rows) expect(row['reason']).toBe(row['state'] === 'skipped' ? reason : null);
      expect(await rowsOf(store, 'execution')).toMatchObject([{ state }]);
    });

    it('ends any graph as the rules say, whatever the order of the ends', async () => {
      const store = await kit().open();
      const engine = await FakeEngine.on(store);
      await fc.assert(
        fc.asyncProperty(
          graphs,
          fc.infiniteStream(fc.nat()),
          fc.boolean(),
          async ({ graph, when, failing }, picks, inPassing) => {
            engine.slots = 0;
            engine.started.length = 0;
            const id = await begin(store, { graph, runWhen: when });
            await engine.claim();
            engine.slots = inPassing ? 100 : 0;
            for (let waiting = [...engine.started]; waiting.length > 0;) {
              const [task] = waiting.splice((picks.next().value ?? 0) % waiting.length, 1);
              const seen = engine.started.length;
              await engine.finish(task, failing.has(task?.task ?? '') ? FAILED : {});
              if (!inPassing) await engine.claim();
              waiting.push(...engine.started.slice(seen));
            }
            const rows = (await rowsOf(store, 'task', 'ordinal')).filter((row) => row['execution_id'] === id);
            const expected = model(graph, when, failing);
            expect(Object.fromEntries(rows.map((row) => [row['task'], row['state']]))).toEqual(expected);
            const [execution] = (await rowsOf(store, 'execution')).filter((row) => row['id'] === id);
            const fails = Object.values(expected).includes('failed');
            expect(execution).toMatchObject({ state: fails ? 'failed' : 'completed', open_ends: 0 });
          },
        ),
        { numRuns: database === 'postgres' ? 15 : 60 },
      );
    });
  });
}
