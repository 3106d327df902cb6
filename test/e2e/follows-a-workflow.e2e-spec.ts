import { Injectable } from '@nestjs/common';
import { Task, TriggerResult, Workflow, WorkflowTrigger } from 'nestjs-triggers';
import type { EndResult, ExecutionItem, TaskContext, WorkflowEnd } from 'nestjs-triggers';
import { watchCrashPoints } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';

let fails = false;
let skipsLast = false;
let work: Gate<void> | undefined;
let ends: WorkflowEnd[] = [];
let mapping: (end: WorkflowEnd) => object | undefined = () => undefined;

@Workflow({ name: 'bill' })
class Bill {
  @Task()
  total(context: TaskContext<{ items: readonly number[] }>) {
    return { total: context.data.items.reduce((sum, item) => sum + item, 0) };
  }

  @Task({ dependencies: ['total'], retry: { attempts: 1 }, when: () => !skipsLast })
  async send(_context: TaskContext) {
    await work?.opened;
    if (fails) throw new RangeError('no such address');
    return { sent: true };
  }
}

@Workflow({ name: 'book' })
class Book {
  @Task()
  note(_context: TaskContext) {}
}

@Workflow({ name: 'alarm' })
class Alarm {
  @Task()
  ring(_context: TaskContext) {}
}

@Injectable()
class Followers {
  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Book })
  billed() {}

  @WorkflowTrigger({ workflow: 'bill', on: ['failed', 'cancelled'], start: [Alarm, 'book'], name: 'not_billed' })
  notBilled(end: WorkflowEnd) {
    ends.push(end);
    return mapping(end);
  }

  @WorkflowTrigger({ workflow: Bill, on: 'completed', start: Alarm, dedup: { for: 'ever' } })
  large(end: WorkflowEnd<EndResult<typeof Bill>, 'completed'>) {
    const { total = 0 } = end.result;
    return total < 100
      ? TriggerResult.skip(`${total} is not much`)
      : TriggerResult.fire({ total }, { dedupKey: `${total}` });
  }
}

describe.each(DIALECTS)('triggers that follow a workflow, on %s', (database) => {
  let app: TestApp;

  beforeEach(async () => {
    [fails, skipsLast, work, ends, mapping] = [false, false, undefined, [], () => undefined];
    app = await boot({ database, providers: [Bill, Book, Alarm, Followers] });
  });
  afterEach(cleanUp);

  const run = async (items: readonly number[] = [1, 2]): Promise<string> => {
    const { executionId } = await app.runner.execute('bill', { items });
    await app.kit.drain();
    return executionId;
  };
  const firings = async (trigger: string) => (await app.get(`/${trigger}/firings`)).items;
  const rows = (sql: string) => app.database.query(sql);

  it('fire the result of what has completed where the method returns nothing', async () => {
    const id = await run();
    const [firing, ...more] = await firings('billed');
    expect(more).toEqual([]);
    expect(firing).toMatchObject({ state: 'accepted', kind: 'workflow' });
    expect(firing.context).toEqual({
      executionId: id,
      state: 'completed',
      result: { items: [1, 2], total: 3, sent: true },
    });
    expect(
      await rows(`SELECT caused_by, depth FROM triggers_firing WHERE kind = 'workflow' AND state = 'accepted'`),
    ).toEqual([{ caused_by: id, depth: 1 }]);
    expect(await app.get(`/executions/${firing.executionIds[0]}`)).toMatchObject({
      workflow: 'book',
      state: 'completed',
    });
    expect(await app.get('/billed')).toMatchObject({
      kind: 'workflow',
      state: 'active',
      counts: { fires: 1 },
      options: { follows: 'bill', on: ['completed'] },
    });
  });

  it('leave a failure to those that follow failures, and one firing starts several workflows', async () => {
    fails = true;
    const id = await run();
    expect(await firings('billed')).toEqual([]);
    expect(ends).toMatchObject([
      {
        executionId: id,
        workflow: 'bill',
        state: 'failed',
        result: { items: [1, 2], total: 3 },
        error: { task: 'send', name: 'RangeError', message: 'no such address' },
        input: { items: [1, 2] },
        trigger: null,
      },
    ]);
    expect(ends[0]?.finishedAt).toBeInstanceOf(Date);
    const [firing] = await firings('not_billed');
    expect(firing.context).toEqual({
      executionId: id,
      state: 'failed',
      error: { task: 'send', name: 'RangeError', message: 'no such address' },
    });
    const started = await Promise.all(firing.executionIds.map((started: string) => app.get(`/executions/${started}`)));
    expect(started.map(({ workflow }) => workflow)).toEqual(['alarm', 'book']);
  });

  it('follow a cancellation', async () => {
    work = gate();
    const id = await app.runner.start(Bill, { items: [1] });
    await app.kit.events.next('task.started', ({ task }) => task === 'send');
    await app.call('POST', `/executions/${id}/cancel`);
    work.open();
    await app.kit.drain();
    expect((await firings('not_billed')).map(({ context }: ExecutionItem) => context)).toEqual([
      { executionId: id, state: 'cancelled' },
    ]);
  });

  it('follow every end of an execution that is retried, each once', async () => {
    fails = true;
    const id = await run();
    for (const fail of [true, false]) {
      fails = fail;
      expect((await app.call('POST', `/executions/${id}/retry`)).status).toBe(200);
      await app.kit.drain();
    }
    expect((await firings('not_billed')).length).toBe(2);
    expect((await firings('billed')).length).toBe(1);
    expect(await rows('SELECT id FROM triggers_follow_up')).toEqual([]);
  });

  it('fire what their method returns; a skip is kept as filtered, with its reason', async () => {
    await run([60, 60]);
    await run([1, 2]);
    await run([100, 20]);
    const found = (await firings('large')).map(({ state, reason, context }: ExecutionItem & { reason: string }) => ({
      state,
      reason,
      context,
    }));
    // The third has the dedup key of the first. The latest comes first.
    expect(found).toEqual([
      { state: 'filtered', reason: '3 is not much', context: expect.objectContaining({ state: 'completed' }) },
      { state: 'accepted', reason: null, context: { total: 120 } },
    ]);
    expect(await app.get('/large')).toMatchObject({ counts: { fires: 1, duplicates: 1 } });
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no idea');
      },
      'Followers.notBilled failed: no idea',
    ],
    [
      'returns what it may not',
      () => true,
      'Followers.notBilled returned a boolean. Return a context, a TriggerResult, or nothing.',
    ],
    [
      'returns an array',
      () => [{}],
      'Followers.notBilled returned an array. Return a context, a TriggerResult, or nothing.',
    ],
    [
      'fires a hole',
      () => TriggerResult.fireMany([{ context: {} }, null as never]),
      'Followers.notBilled: item 1 of fireMany is no object. Return a context, a TriggerResult, or nothing.',
    ],
  ])(
    'keep a dead letter where the method %s, with what would have been fired without one',
    async (_what, method, reason) => {
      fails = true;
      mapping = method as typeof mapping;
      const id = await run();
      expect(await firings('not_billed')).toMatchObject([
        { state: 'dead', reason, context: { executionId: id, state: 'failed' }, executionIds: [] },
      ]);
      expect((await app.get('/dead-letters')).items).toMatchObject(
        expect.arrayContaining([expect.objectContaining({ reason })]),
      );
      expect(app.kit.events.of('firing.dead')).toMatchObject([{ trigger: 'not_billed', reason }]);
      expect(await rows('SELECT id FROM triggers_follow_up')).toEqual([]);
    },
  );

  it('do nothing while they are disabled, and do not make up for it', async () => {
    await app.triggers.setEnabled('billed', false, { by: 'test' });
    await run();
    await app.triggers.setEnabled('billed', true, { by: 'test' });
    expect(await firings('billed')).toEqual([]);
    await run();
    expect((await firings('billed')).length).toBe(1);
  });

  it('cost a workflow that nobody follows nothing: its commits ask for the same statements as without them', async () => {
    const alone = await boot({ database, providers: [Bill, Book, Alarm] });
    const asked = await Promise.all(
      [app, alone].map(async ({ nest, runner, kit }) => {
        const points = watchCrashPoints(nest);
        for (let run = 0; run < 3; run += 1) await runner.execute('book', {});
        await kit.drain();
        return Object.fromEntries(
          [...points].filter(([point]) => /^commit:(task_finish|execution|follow|firing)_?/.test(point)),
        );
      }),
    );
    expect(asked[0]).toEqual(asked[1]);
    expect(asked[0]).toMatchObject({ 'commit:execution_complete:after': 3 });
  });
});
