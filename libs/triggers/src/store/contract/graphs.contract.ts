import fc from 'fast-check';
import type { TaskState } from '../../model/states.js';
import { checkLedger } from '../../testing/ledger-check.js';
import { PROPERTY_TIMEOUT_MS, runs as tries } from '../../testing/properties.contract.js';
import type { ClaimedTask } from '../claimer.js';
import type { Graph } from './drafts.contract.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database, StoreKit } from './kit.contract.js';
import { emptyLedger, raced, turns, watchEdges } from './racing.contract.js';
import { FAILED, FakeEngine, begin } from './work.contract.js';

const RUN_WHEN = ['allSucceeded', 'allDone', 'anySucceeded', 'anyFailed', 'noneFailed'] as const;
/** When a task runs. */
export type RunWhen = (typeof RUN_WHEN)[number];
type Ended = Extract<TaskState, 'completed' | 'failed' | 'skipped'>;

/** What `runWhen` means, said again without counters. */
export function runs(when: RunWhen, before: readonly TaskState[]): boolean {
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

/** A graph, when its tasks run, and how they end if they do. */
export interface Plan {
  readonly graph: Graph;
  readonly when: Readonly<Record<string, RunWhen>>;
  readonly results: Readonly<Record<string, Ended>>;
}

function model({ graph, when, results }: Plan): Record<string, Ended> {
  const ends: Record<string, Ended> = {};
  for (const [task, dependencies] of Object.entries(graph)) {
    const before = dependencies.map((name) => ends[name] as Ended);
    const starts = dependencies.length === 0 || runs(when[task] ?? 'allSucceeded', before);
    ends[task] = starts ? (results[task] as Ended) : 'skipped';
  }
  return ends;
}

const results = fc.oneof(
  { weight: 3, arbitrary: fc.constant('completed' as const) },
  { weight: 2, arbitrary: fc.constant('failed' as const) },
  { weight: 1, arbitrary: fc.constant('skipped' as const) },
);

/** Graphs of up to so many tasks in topological order. */
export function plansOf(maxTasks: number): fc.Arbitrary<Plan> {
  const task = fc.record({ picks: fc.nat({ max: 4_095 }), when: fc.constantFrom(...RUN_WHEN), result: results });
  return fc.array(task, { minLength: 1, maxLength: maxTasks }).map((tasks) => {
    const names = tasks.map((_, at) => `t${at}`);
    const named = <T>(of: (task: (typeof tasks)[number], at: number) => T): Record<string, T> =>
      Object.fromEntries(tasks.map((one, at) => [`t${at}`, of(one, at)]));
    return {
      graph: named(({ picks }, at) => names.slice(0, at).filter((_, bit) => ((picks >> bit) & 1) === 1)),
      when: named(({ when }) => when),
      results: named(({ result }) => result),
    };
  });
}

/** Which of the waiting tasks end together, on which node, how many turns later, and how many slots the nodes have then. */
const endings = fc.infiniteStream(
  fc.record({
    racers: fc.array(fc.record({ pick: fc.nat(), node: fc.nat({ max: 1 }), later: fc.nat({ max: 2 }) }), {
      minLength: 1,
      maxLength: 4,
    }),
    slots: fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 })),
  }),
);
type Ending = typeof endings extends fc.Arbitrary<fc.Stream<infer E>> ? E : never;

/** Runs executions to their end on two nodes that finish tasks at once. */
async function runRacing(
  kit: StoreKit,
  nodes: readonly FakeEngine[],
  endingOf: (task: ClaimedTask) => object,
  next: () => Ending,
): Promise<void> {
  const waiting: ClaimedTask[] = [];
  const collect = (): void => nodes.forEach(({ started }) => waiting.push(...started.splice(0)));
  const claim = async (): Promise<void> => {
    for (const node of nodes) await raced(kit.clock, node.claim());
    collect();
  };
  for (await claim(); waiting.length > 0; await claim()) {
    const { racers, slots } = next();
    nodes.forEach((node, at) => (node.slots = slots[at] ?? 0));
    const finishes = racers.flatMap(({ pick, node, later }) => {
      const [task] = waiting.splice(pick % waiting.length, 1);
      const finish = async (): Promise<unknown> => {
        await turns(later);
        return nodes[node % nodes.length]?.finish(task, endingOf(task as ClaimedTask));
      };
      return task === undefined ? [] : [finish()];
    });
    await raced(kit.clock, Promise.all(finishes));
    nodes.forEach((node) => (node.slots = 0));
    collect();
  }
}

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
      // Cloacina case 82
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
      // Cloacina case 75
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

    // Cloacina case 69
    it(
      'ends any graphs as the rules say, whatever ends together on which node',
      async () => {
        const store = await kit().open();
        const nodes = [await FakeEngine.on(store)];
        if (database !== ':memory:') nodes.push(await FakeEngine.on(await kit().open()));
        const edgesOutside = await watchEdges(store);
        await fc.assert(
          fc.asyncProperty(fc.array(plansOf(12), { minLength: 1, maxLength: 2 }), endings, async (given, stream) => {
            await emptyLedger(store);
            const planned = new Map<string, Plan>();
            for (const plan of given) planned.set(await begin(store, { graph: plan.graph, runWhen: plan.when }), plan);
            const endingOf = ({ task, facts }: ClaimedTask): object => {
              const state = planned.get(facts.executionId)?.results[task];
              return state === 'failed' ? FAILED : { state, reason: state === 'skipped' ? 'when' : null };
            };
            await runRacing(kit(), nodes, endingOf, () => stream.next().value as Ending);
            const rows = await rowsOf(store, 'task', 'ordinal');
            const executions = await rowsOf(store, 'execution');
            for (const [id, plan] of planned) {
              const expected = model(plan);
              const own = rows.filter((row) => row['execution_id'] === id);
              expect(Object.fromEntries(own.map((row) => [row['task'], row['state']]))).toEqual(expected);
              const failed = Object.values(expected).filter((state) => state === 'failed').length;
              expect(executions.find((row) => row['id'] === id)).toMatchObject({
                state: failed > 0 ? 'failed' : 'completed',
                open_ends: 0,
                failed_tasks: failed,
              });
            }
            expect(await checkLedger(store)).toEqual([]);
          }),
          tries(database === 'postgres' ? 15 : 40),
        );
        expect(await edgesOutside()).toEqual([]);
      },
      PROPERTY_TIMEOUT_MS,
    );
  });
}
