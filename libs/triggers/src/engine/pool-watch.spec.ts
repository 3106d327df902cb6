import { hushedLogger } from './hushed-logger.contract.js';
import { EventBus } from '../model/events.js';
import type { Store } from '../store/store.service.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { MAX_READY, PoolWatch } from './pool-watch.service.js';
import { StoreAnswers } from './store-answers.contract.js';

const PAGE = 500;
const MAX_PAGES = 20;

interface Waiting {
  readonly pool: string;
  readonly task: string;
  readonly execution_id: string;
}

describe('PoolWatch', () => {
  let rows: StoreAnswers;
  let watch: PoolWatch;
  let told: object[];
  /** Ready tasks, in the order of their claim. */
  let ready: Waiting[];
  /** Pools that living nodes serve. */
  let served: string[];
  /** The pool that the code of this node gives each task. */
  let poolOf: Record<string, string>;
  const { log } = hushedLogger('log');

  const waiting = (pool: string, task: string, count = 1): Waiting[] =>
    Array.from({ length: count }, (_, at) => ({
      pool,
      task,
      execution_id: `${pool}${at}`,
      workflow: 'film',
      workflow_hash: 'h1',
    }));
  const moves = (): unknown[] => rows.of('pool_move');
  /** Where the pages of a pool began that were looked at since this was asked last. */
  const pages = (pool: string): unknown[] => {
    const begun = rows.of('pool_waiting').filter(([asked]) => asked === pool);
    rows.asked.length = 0;
    return begun.map(([, skip]) => skip);
  };

  beforeEach(() => {
    [told, ready, served, poolOf] = [[], [], ['default'], {}];
    rows = new StoreAnswers();
    rows.answers = {
      pool_ready: () => [...new Set(ready.map(({ pool }) => pool))].sort().map((pool) => ({ pool })),
      node_pools: () => [{ pools: JSON.stringify(served) }],
      pool_waiting: ([pool, skip, limit]) =>
        ready.filter((task) => task.pool === pool).slice(Number(skip), Number(skip) + Number(limit)),
      pool_count: ([pool, most]) => [
        { ready: Math.min(ready.filter((task) => task.pool === pool).length, Number(most)) },
      ],
      pool_move: (_first, all) => {
        ready = ready.map((task) => {
          const move = all.find(([id, name]) => id === task.execution_id && name === task.task);
          return move === undefined ? task : { ...task, pool: String(move[3]) };
        });
        return all.map(() => ({}));
      },
    };
    const events = new EventBus(
      () => 0,
      () => undefined,
    );
    events.subscribe(({ at: _at, ...event }) => told.push(event));
    const workflows = {
      poolOf: (workflow: string, hash: string, task: string) =>
        `${workflow}:${hash}` === 'film:h1' ? poolOf[task] : undefined,
    };
    watch = new PoolWatch(rows as unknown as Store, workflows as unknown as WorkflowRegistry, events);
  });

  it('finds nothing where each pool is served', async () => {
    ready = waiting('default', 'cut', 3);
    expect(await watch.runOnce()).toEqual({ moved: 0, unserved: [] });
    expect([rows.of('pool_waiting'), told, log.mock.calls]).toEqual([[], [], []]);
  });

  it('tells with its second look in a row that nobody serves a pool, how much waits there, and once', async () => {
    ready = [...waiting('gpu', 'render', 2), ...waiting('tpu', 'learn')];
    expect(await watch.runOnce()).toEqual({ moved: 0, unserved: ['gpu', 'tpu'] });
    expect(told).toEqual([]);
    for (let look = 0; look < 3; look += 1) await watch.runOnce();
    expect(told).toEqual([
      { name: 'pool.unserved', pool: 'gpu', ready: 2 },
      { name: 'pool.unserved', pool: 'tpu', ready: 1 },
    ]);
    expect(rows.of('pool_count')[0]).toEqual(['gpu', MAX_READY]);
  });

  it('takes a worker that is restarted for no news', async () => {
    ready = waiting('gpu', 'render');
    for (const pools of [[], ['gpu'], [], ['gpu'], []]) {
      served = pools;
      await watch.runOnce();
    }
    expect(told).toEqual([]);
  });

  it('tells it again of a pool that was served meanwhile', async () => {
    ready = waiting('gpu', 'render');
    for (const pools of [[], [], ['gpu'], [], []]) {
      served = pools;
      await watch.runOnce();
    }
    expect(told).toHaveLength(2);
  });

  it('tells nothing of a pool that was emptied while it looked, and does once something waits there', async () => {
    ready = waiting('gpu', 'render');
    await watch.runOnce();
    const count = rows.answers['pool_count'];
    rows.answers['pool_count'] = () => [{ ready: 0 }];
    await watch.runOnce();
    expect(told).toEqual([]);
    rows.answers['pool_count'] = count!;
    await watch.runOnce();
    expect(told).toHaveLength(1);
  });

  it('moves what the code of this node has in another pool by now, where somebody serves that', async () => {
    ready = [...waiting('gpu', 'render'), ...waiting('gpu', 'sound')];
    poolOf = { render: 'default', sound: 'gpu' };
    expect(await watch.runOnce()).toEqual({ moved: 1, unserved: ['gpu'] });
    expect(moves()).toEqual([['gpu0', 'render', 'gpu', 'default']]);
    expect(rows.names).toContain('leaves ready');
    expect(log.mock.calls).toEqual([[expect.stringContaining('1 ready tasks')]]);
  });

  it.each<[string, Record<string, string>]>([
    ['that it does not declare', {}],
    ['that it has in the same pool', { render: 'gpu' }],
    ['that it has in a pool that nobody serves', { render: 'tpu' }],
  ])('leaves a task where it is %s', async (_which, code) => {
    ready = waiting('gpu', 'render');
    poolOf = code;
    expect(await watch.runOnce()).toEqual({ moved: 0, unserved: ['gpu'] });
    expect(rows.names).toEqual(['pool_ready', 'node_pools', 'pool_waiting']);
    expect(log).not.toHaveBeenCalled();
  });

  it('adds up what it moved from several pools and pages', async () => {
    ready = [...waiting('gpu', 'render', PAGE + 1), ...waiting('tpu', 'render', 2)];
    poolOf = { render: 'default' };
    expect(await watch.runOnce()).toEqual({ moved: PAGE + 3, unserved: ['gpu', 'tpu'] });
    expect(ready.every(({ pool }) => pool === 'default')).toBe(true);
  });

  it('looks behind those that stay, a number of pages at a time, goes on where it stopped, and begins again at the end', async () => {
    ready = waiting('gpu', 'stays', MAX_PAGES * PAGE + 1);
    await watch.runOnce();
    const first = Array.from({ length: MAX_PAGES }, (_, page) => page * PAGE);
    expect(pages('gpu')).toEqual(first);
    await watch.runOnce();
    expect(pages('gpu')).toEqual([MAX_PAGES * PAGE]);
    await watch.runOnce();
    expect(pages('gpu')).toEqual(first);
  });

  it('skips only what stays: those behind what was moved take its place', async () => {
    ready = [...waiting('gpu', 'stays', 100), ...waiting('gpu', 'render', 500)];
    poolOf = { render: 'default' };
    await watch.runOnce();
    expect(pages('gpu')).toEqual([0, 100]);
    expect(ready.filter(({ pool }) => pool === 'gpu')).toHaveLength(100);
  });

  it('looks at a pool from its beginning that was served meanwhile', async () => {
    ready = waiting('gpu', 'stays', MAX_PAGES * PAGE + 1);
    await watch.runOnce();
    served = ['gpu'];
    await watch.runOnce();
    served = [];
    rows.asked.length = 0;
    await watch.runOnce();
    expect(pages('gpu')[0]).toBe(0);
  });
});
