import { hushedLogger } from './hushed-logger.contract.js';
import type { EndListener } from '../model/end-listener.js';
import { EventBus } from '../model/events.js';
import type { Store } from '../store/store.service.js';
import { TestClock } from '../testing/test-clock.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { ServedPools } from './served-pools.service.js';
import { StoreAnswers } from './store-answers.contract.js';
import { STRANDED_AFTER_MS, WorkflowWatch } from './workflow-watch.service.js';

const RENEWAL_MS = 10_000;
const PAGE = 200;

describe('WorkflowWatch', () => {
  let clock: TestClock;
  let rows: StoreAnswers;
  let watch: WorkflowWatch;
  let told: object[];
  /** Executions with ready tasks of a shape that this node does not declare. */
  let foreign: object[];
  let live: string[];
  /** Pools whose tasks this node runs. */
  let served: string[];
  /** The dependencies of the unfinished tasks, as their rows have them. */
  let unfinished: Record<string, string[]>;
  const { log } = hushedLogger('log');

  const execution = (id: string, given: object = {}) => ({
    execution_id: id,
    workflow: 'files',
    workflow_hash: 'h1',
    since: new Date(clock.now() - 3_600_000),
    ...given,
  });
  const failures = (): number => rows.of('execution_lock').length;

  beforeEach(() => {
    [told, foreign, live] = [[], [], []];
    unfinished = { read: [], sum: ['c', 'b', 'a'] };
    clock = new TestClock();
    rows = new StoreAnswers();
    rows.answers = {
      task_foreign: (asked) => foreign.slice(Number(asked[1]), Number(asked[1]) + Number(asked[2])),
      task_unfinished: (_, all) =>
        all.flatMap(([id]) =>
          Object.entries(unfinished).map(([task, dependencies]) => ({
            execution_id: id,
            task,
            state: task === 'sum' ? 'blocked' : 'ready',
            graph: JSON.stringify({ dependencies }),
          })),
        ),
      node_hashes: () => [{ workflows: JSON.stringify(live) }],
    };
    rows.outcomes = { execution_lock: { callback: 'onFailure' } };
    const files = {
      name: 'files',
      hash: 'h2',
      tasks: [
        { id: 'read', pool: 'default', dependencies: [] },
        { id: 'sum', pool: 'gpu', dependencies: ['b', 'a', 'c'] },
      ],
      callbacks: {},
    };
    const workflows = { all: () => [files], get: (name: string) => (name === 'files' ? files : undefined) };
    const events = new EventBus(
      () => 0,
      () => undefined,
    );
    events.subscribe(({ at: _at, ...event }) => told.push(event));
    served = ['default'];
    const pools = { has: (name: string) => served.includes(name) };
    watch = new WorkflowWatch(
      rows as unknown as Store,
      clock,
      workflows as unknown as WorkflowRegistry,
      pools as unknown as ServedPools,
      events,
      { executionEnded: (end: object) => told.push(end) } as unknown as EndListener,
    );
  });

  /** Looks with every renewal, until so much time has passed. */
  async function watchFor(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= RENEWAL_MS) {
      await clock.advance(Math.min(left, RENEWAL_MS));
      await watch.runOnce();
    }
  }

  it('asks once, for what this node does not declare, where nothing is', async () => {
    expect(await watch.runOnce()).toEqual({ adopted: 0, failed: 0 });
    expect([rows.units, rows.asked]).toEqual([1, [['task_foreign', ['["files:h2"]', 0, PAGE]]]]);
  });

  it('adopts executions whose unfinished tasks exist as they were, in whatever order they name what they need', async () => {
    foreign = [execution('e1'), execution('e2')];
    expect(await watch.runOnce()).toEqual({ adopted: 2, failed: 0 });
    expect(rows.names).toEqual(['task_foreign', 'task_unfinished', 'task_adopt', 'execution_adopt', 'leaves ready']);
    expect(rows.of('task_adopt')).toEqual([['e1', 'h2']]);
    expect(log).toHaveBeenCalledTimes(1);
  });

  it.each<[string, string[]]>([
    ['a node without the role "worker"', []],
    ['a node that serves only pools in which nothing of it is ready', ['gpu']],
  ])('leaves executions to those that run what is ready, for %s', async (_who, pools) => {
    served = pools;
    foreign = [execution('e1')];
    await watchFor(STRANDED_AFTER_MS + RENEWAL_MS);
    expect([rows.of('task_adopt'), failures()]).toEqual([[], 0]);
  });

  it('leaves alone what has nothing unfinished any more', async () => {
    foreign = [execution('e1')];
    unfinished = {};
    expect(await watch.runOnce()).toEqual({ adopted: 0, failed: 0 });
  });

  it.each<[string, Record<string, string[]>]>([
    ['is gone', { read: [], write: [] }],
    ['depends on others', { read: ['a'] }],
    ['depends on fewer', { read: [], sum: ['a'] }],
  ])('adopts nothing of which a task %s', async (_what, tasks) => {
    foreign = [execution('e1')];
    unfinished = tasks;
    expect(await watch.runOnce()).toEqual({ adopted: 0, failed: 0 });
    expect(rows.names).toEqual(['task_foreign', 'task_unfinished', 'node_hashes']);
    expect(log).not.toHaveBeenCalled();
  });

  it('looks behind those that nobody can continue, page after page, and goes on where it stopped', async () => {
    unfinished = { gone: [] };
    foreign = Array.from({ length: 21 * PAGE }, (_, at) => execution(`e${at}`));
    const pages = (): unknown[] => rows.of('task_foreign').map((asked) => asked[1]);
    await watch.runOnce();
    const first = Array.from({ length: 20 }, (_, page) => page * PAGE);
    expect(pages()).toEqual(first);
    await watch.runOnce();
    expect(pages()).toEqual([...first, 20 * PAGE, 21 * PAGE]);
    await watch.runOnce();
    expect(pages()).toEqual([...first, 20 * PAGE, 21 * PAGE, ...first]);
  });

  it('takes what it adopted out of the count of those that it has looked behind, and adds up what it adopted', async () => {
    const strange = Array.from({ length: PAGE }, (_, at) => execution(`s${at}`, { workflow: 'unknown' }));
    foreign = [...Array.from({ length: 50 }, (_, at) => execution(`e${at}`)), ...strange, execution('last')];
    rows.answers['task_adopt'] = (_, all) => {
      const adopted = new Set(all.map(([id]) => id));
      foreign = foreign.filter((row) => !adopted.has((row as { execution_id: string }).execution_id));
      return [];
    };
    expect(await watch.runOnce()).toEqual({ adopted: 51, failed: 0 });
    expect(rows.of('task_foreign').map((asked) => asked[1])).toEqual([0, PAGE - 50]);
    expect(log.mock.calls).toEqual([[expect.stringContaining('51 executions')]]);
  });

  it('fails no more than a page of them in one look, and knows since when they wait whose page comes later', async () => {
    unfinished = { gone: [] };
    foreign = Array.from({ length: PAGE }, (_, at) => execution(`e${at}`)).concat(
      execution('last', { workflow_hash: 'h0' }),
    );
    rows.outcomes = { execution_lock: { callback: null } };
    await watchFor(STRANDED_AFTER_MS);
    expect(failures()).toBe(0);
    await watchFor(RENEWAL_MS);
    expect(failures()).toBe(PAGE);
    foreign = foreign.slice(-1);
    await watch.runOnce();
    expect(rows.of('execution_lock').at(-1)).toEqual(['last']);
  });

  describe('with an execution that nobody can continue', () => {
    beforeEach(async () => {
      unfinished = { write: [], gone: [], read: [] };
      foreign = [execution('e1')];
      await watch.runOnce();
    });

    it('fails it after ten minutes, to the millisecond, and tells which tasks are missing', async () => {
      await watchFor(STRANDED_AFTER_MS - 1);
      expect(failures()).toBe(0);
      await clock.advance(1);
      expect(await watch.runOnce()).toEqual({ adopted: 0, failed: 1 });
      const which = { executionId: 'e1', workflow: 'files' };
      const message = expect.stringContaining('"write", "gone"') as string;
      expect(told).toEqual([
        { ...which, kind: 'onFailure', error: expect.objectContaining({ code: 'TRG_WORKFLOW_CHANGED', message }) },
        { name: 'execution.failed', ...which, error: message },
      ]);
    });

    it('tells nobody where a body still runs, or somebody was faster', async () => {
      rows.outcomes = { execution_lock: null };
      await watchFor(STRANDED_AFTER_MS);
      expect([failures(), told]).toEqual([1, []]);
    });

    it('fails it although its tasks cannot be read any more', async () => {
      foreign = [execution('e1', { workflow: 'unknown' })];
      unfinished = {};
      await watchFor(STRANDED_AFTER_MS + RENEWAL_MS);
      expect(told[1]).toMatchObject({ error: expect.stringContaining('no live node declares workflow "unknown"') });
    });

    it('waits for the instant that its tasks were planned for, and ten minutes more', async () => {
      foreign = [execution('e1', { since: new Date(clock.now() + 5_000) })];
      await watchFor(STRANDED_AFTER_MS + 4_999);
      expect(failures()).toBe(0);
      await clock.advance(1);
      await watch.runOnce();
      expect(failures()).toBe(1);
    });

    it('begins the ten minutes anew when a node that declares its shape was there meanwhile', async () => {
      await watchFor(STRANDED_AFTER_MS - RENEWAL_MS);
      live = ['files:h1'];
      await watchFor(RENEWAL_MS);
      live = [];
      await watchFor(STRANDED_AFTER_MS);
      expect(failures()).toBe(0);
      await watchFor(RENEWAL_MS);
      expect(failures()).toBe(1);
    });

    it('begins the ten minutes anew when nothing was foreign meanwhile', async () => {
      await watchFor(STRANDED_AFTER_MS - RENEWAL_MS);
      foreign = [];
      await watchFor(RENEWAL_MS);
      foreign = [execution('e2')];
      await watchFor(STRANDED_AFTER_MS);
      expect(failures()).toBe(0);
    });

    it('leaves the executions of other shapes alone, which somebody declares', async () => {
      live = ['files:h3', 'others:h1'];
      foreign = [execution('e1'), execution('e2', { workflow_hash: 'h3' }), execution('e3', { workflow: 'others' })];
      await watchFor(STRANDED_AFTER_MS);
      expect(rows.of('execution_lock')).toEqual([['e1']]);
    });
  });
});
