import { Logger } from '@nestjs/common';
import { hushedLogger } from './hushed-logger.contract.js';
import { EventBus } from '../model/events.js';
import type { FinishItem } from '../store/commits/finish.commit.js';
import type { PutBackItem } from '../store/commits/put-back.commit.js';
import { MAX_ORPHANS } from '../store/rescue.repository.js';
import type { Store } from '../store/store.service.js';
import type { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { EndTeller } from './end-teller.service.js';
import type { NodeLease } from './node-lease.service.js';
import { Rescuer } from './rescuer.service.js';
import { StoreAnswers } from './store-answers.contract.js';
import { TaskCommits, WRITTEN } from './task-commits.contract.js';
import type { TaskRunner } from './task-runner.service.js';

const ME = 'n1';
/** Rescues after which a task is given up when its node dies once more. */
const LAST = 4;

const orphan = (task: string, given: object = {}) => ({
  execution_id: 'e1',
  task,
  id: `e1/${task}`,
  graph: '{"dependencies":[],"dependents":[],"ancestors":[]}',
  attempts: '[{"attempt":1}]',
  rescues: 0,
  lease_token: 'token',
  workflow: 'files',
  ...given,
});

describe('Rescuer', () => {
  let rows: StoreAnswers;
  /** What each look for tasks of dead nodes finds. */
  let orphans: object[][];
  let cancelled: string[];
  let callbacks: object;
  let putBack: PutBackItem[];
  let finished: FinishItem[];
  let told: object[];
  let aborted: unknown[];
  let teller: jest.Mock;
  let rescuer: Rescuer;
  const { warn } = hushedLogger('warn');

  const factsOf = (id: unknown) => ({ id, workflow: 'files', dedup_key: null, executions: '["e1"]' });
  const looks = (): number => rows.of('task_orphaned').length;

  beforeEach(() => {
    [orphans, cancelled, told, aborted] = [[], [], [], []];
    const commits = new TaskCommits(({ task }) => cancelled.includes(task));
    ({ putBack, finished } = commits);
    callbacks = {};
    rows = new StoreAnswers();
    rows.answers = {
      task_orphaned: () => orphans.shift() ?? [],
      execution_facts: (_first, all) => all.map(([id]) => factsOf(id)),
    };
    const events = new EventBus(
      () => 0,
      () => undefined,
    );
    events.subscribe(({ at: _at, ...event }) => told.push(event));
    const files = {
      tasks: [
        { id: 'read', callbacks: {} },
        {
          id: 'sum',
          get callbacks() {
            return callbacks;
          },
        },
      ],
      callbacks: { onSuccess: 'done' },
    };
    const runner = {
      executions: () => new Set(['e7', 'e8']),
      abortExecution: (...abort: unknown[]) => aborted.push(abort),
      holds: (id: string, token: string) => `${id} ${token}` === 'e1/held mine',
    };
    teller = jest.fn();
    rescuer = new Rescuer(
      Object.assign(rows, { commits }) as unknown as Store,
      { nodeId: ME } as NodeLease,
      runner as unknown as TaskRunner,
      { get: (name: string) => (name === 'files' ? files : undefined) } as unknown as WorkflowRegistry,
      { tell: teller } as unknown as EndTeller,
      events,
    );
  });

  const back = (task: string, why: 'rescue' | 'release') => ({
    executionId: 'e1',
    task,
    token: 'token',
    why,
    delayMs: 0,
    error: null,
    attempts: null,
    pool: null,
  });

  it('finds nothing where no node died', async () => {
    expect(await rescuer.runOnce()).toEqual({ rescued: 0, abandoned: 0 });
    expect(rows.of('task_orphaned')).toEqual([[ME]]);
    expect([putBack, finished, told, warn.mock.calls]).toEqual([[], [], [], []]);
  });

  it('puts the tasks of dead nodes back at the cost of a rescue, and tells', async () => {
    orphans = [[orphan('read'), orphan('sum', { rescues: LAST - 1 })]];
    expect(await rescuer.runOnce()).toEqual({ rescued: 2, abandoned: 0 });
    expect([putBack, finished]).toEqual([[back('read', 'rescue'), back('sum', 'rescue')], []]);
    const which = { name: 'task.rescued', executionId: 'e1', workflow: 'files' };
    expect(told).toEqual([
      { ...which, task: 'read', rescues: 1 },
      { ...which, task: 'sum', rescues: LAST },
    ]);
  });

  it('gives a task up after three rescues that it spent alone', async () => {
    orphans = [[orphan('sum', { rescues: LAST })]];
    expect(await rescuer.runOnce()).toEqual({ rescued: 0, abandoned: 1 });
    expect([putBack, told]).toEqual([[], []]);
    expect(finished).toMatchObject([
      {
        claimed: { task: 'sum', token: 'token', facts: { executionId: 'e1' } },
        state: 'failed',
        output: null,
        error: { code: 'TRG_TASK_ABANDONED', message: expect.stringContaining('5 times while it ran') as string },
        reason: null,
        attempts: [{ attempt: 1 }],
        callback: null,
        workflowCallbacks: { onSuccess: 'done' },
      },
    ]);
    expect(teller.mock.calls).toEqual([[finished[0], WRITTEN, expect.any(Logger), undefined]]);
  });

  it.each([
    ['sum', 'files', 'onFailure'],
    ['read', 'files', null],
    ['gone', 'files', null],
    ['sum', 'unknown', null],
  ])('has the callback of task %s of workflow %s told that it was given up: %s', async (task, workflow, callback) => {
    callbacks = { onFailure: 'tell' };
    rows.answers['execution_facts'] = () => [{ ...factsOf('e1'), workflow }];
    orphans = [[orphan(task, { rescues: LAST })]];
    await rescuer.runOnce();
    const workflowCallbacks = workflow === 'files' ? { onSuccess: 'done' } : {};
    expect(finished.map((item) => [item.callback, item.workflowCallbacks])).toEqual([[callback, workflowCallbacks]]);
  });

  it('ends the tasks of a cancelled execution whose node died, and counts them nowhere', async () => {
    callbacks = { onFailure: 'tell' };
    cancelled = ['sum'];
    orphans = [[orphan('sum')]];
    expect(await rescuer.runOnce()).toEqual({ rescued: 0, abandoned: 0 });
    expect(finished).toMatchObject([{ state: 'cancelled', error: null, reason: 'cancelled', callback: null }]);
    expect(told).toEqual([]);
  });

  it('ends nothing of an execution that is gone', async () => {
    rows.answers['execution_facts'] = () => [];
    orphans = [[orphan('sum', { rescues: LAST })]];
    await rescuer.runOnce();
    expect(finished).toEqual([]);
  });

  describe('with more tasks of dead nodes than one look takes', () => {
    const full = (given: object = {}): object[] => Array.from({ length: MAX_ORPHANS }, () => orphan('read', given));

    it('looks until a look is not full', async () => {
      orphans = [full(), full({ rescues: LAST }), full().slice(1)];
      expect(await rescuer.runOnce()).toEqual({ rescued: 2 * MAX_ORPHANS - 1, abandoned: MAX_ORPHANS });
      expect(looks()).toBe(3);
    });

    it('goes on after a look in which one was put back, and others were cancelled', async () => {
      cancelled = ['read'];
      orphans = [[orphan('sum'), ...full().slice(1)], [orphan('sum')]];
      expect(await rescuer.runOnce()).toEqual({ rescued: 2, abandoned: 0 });
    });

    it('does not look on and on for what it cannot end', async () => {
      cancelled = ['read'];
      rows.answers['execution_facts'] = () => [];
      orphans = Array.from({ length: 5 }, () => full());
      expect(await rescuer.runOnce()).toEqual({ rescued: 0, abandoned: 0 });
      expect(looks()).toBe(1);
    });
  });

  it('dates anew what was written while the clock was ahead, until nothing is left, and says so once', async () => {
    const dated = [500, 500, 2];
    rows.answers['task_date_anew'] = () => Array(dated.shift() ?? 0).fill({});
    await rescuer.runOnce();
    expect(rows.names.slice(0, 9)).toEqual(
      Array.from({ length: 3 }, () => ['node_date_anew', 'task_date_anew', 'leaves ready']).flat(),
    );
    expect(warn.mock.calls).toEqual([[expect.stringContaining('1002 tasks')]]);
    rows.asked.length = 0;
    await rescuer.runOnce();
    expect(rows.names.slice(0, 3)).toEqual(['node_date_anew', 'task_date_anew', 'execution_cancelled_among']);
    expect(warn).toHaveBeenCalledTimes(1);
  });

  it('tells the bodies here to stop whose execution was cancelled elsewhere', async () => {
    rows.answers['execution_cancelled_among'] = (_first, all) => (
      expect(all).toEqual([['e7'], ['e8']]),
      [{ id: 'e8' }]
    );
    await rescuer.runOnce();
    expect(aborted).toEqual([['e8', 'cancelled']]);
  });

  describe('where a row says that this node runs a task', () => {
    const own = (task: string, token = 'token'): object => ({ ...orphan(task), lease_token: token });

    it('gives it back when it has seen it twice and does not know it', async () => {
      rows.answers['task_own'] = ([me]) => (me === ME ? [own('read'), own('held', 'mine')] : []);
      await rescuer.runOnce();
      expect(putBack).toEqual([]);
      await rescuer.runOnce();
      expect(putBack).toEqual([back('read', 'release')]);
    });

    it('waits for its second look at each claim, also of the same task', async () => {
      const seen = [[own('read', 'a')], [own('read', 'b')], [], [own('read', 'b')], [own('held', 'other')]];
      rows.answers['task_own'] = () => seen.shift() ?? [];
      for (let look = 0; look < 5; look += 1) await rescuer.runOnce();
      expect(putBack).toEqual([]);
    });

    it('gives it back once', async () => {
      rows.answers['task_own'] = () => [own('read')];
      for (let look = 0; look < 3; look += 1) await rescuer.runOnce();
      expect(putBack).toHaveLength(1);
    });
  });
});
