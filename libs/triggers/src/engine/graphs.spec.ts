import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { describeOnGrounds, useEngineKit } from './engine.contract.js';

let log: string[] = [];
let seen: Record<string, unknown> = {};

function note(context: TaskContext, output?: object): object | undefined {
  log.push(context.taskId);
  seen[context.taskId] = context.data;
  return output;
}

@Workflow({ name: 'chain' })
class Chain {
  @Task()
  async first(context: TaskContext) {
    context.set('n', 1);
    context.set('kept', true);
    return note(context, { n: 2 });
  }

  @Task({ dependencies: ['first'] })
  async second(context: TaskContext) {
    note(context);
    return context;
  }

  @Task({ dependencies: ['second'] })
  async third(context: TaskContext) {
    return note(context, { at: new Date(0), deep: { b: 2 } });
  }
}

@Workflow({ name: 'diamond' })
class Diamond {
  @Task()
  async top(context: TaskContext) {
    return note(context, { shared: 'top', deep: { top: 1 } });
  }

  @Task({ dependencies: ['top'] })
  async left(context: TaskContext) {
    return note(context, { shared: 'left', deep: { left: 1 }, list: [1] });
  }

  @Task({ dependencies: ['top'] })
  async right(context: TaskContext) {
    return note(context, { shared: 'right', deep: { right: 1 }, list: [2] });
  }

  @Task({ dependencies: ['left', 'right'] })
  async bottom(context: TaskContext) {
    return note(context, { done: true });
  }
}

@Workflow({ name: 'conditions' })
class Conditions {
  @Task()
  async broken(): Promise<void> {
    throw Object.assign(new Error('it broke'), { code: 'E_BROKEN' });
  }

  @Task({ dependencies: ['broken'] })
  async behind(context: TaskContext) {
    return note(context);
  }

  @Task({ dependencies: ['broken'], runWhen: 'anyFailed', when: (_context, { broken }) => broken?.state === 'failed' })
  async cleanUp(context: TaskContext) {
    return note(context);
  }

  @Task({ when: (context) => context.get('wanted') === true })
  async unwanted(context: TaskContext) {
    return note(context);
  }
}

@Workflow({ name: 'gated' })
class Gated {
  @Task({ when: (context) => context.get('file') !== undefined })
  exists(context: TaskContext) {
    return note(context, { size: 3 });
  }

  @Task({ when: (context) => context.get('kind') === 'csv' })
  equals(context: TaskContext) {
    return note(context);
  }

  @Task({ dependencies: ['exists'], when: (context) => Number(context.get('size')) > 2 })
  greater(context: TaskContext) {
    return note(context);
  }
}

let upstreamSeen: unknown;

@Workflow({ name: 'joined' })
class Joined {
  @Task()
  async counts() {
    return { n: 1 };
  }

  @Task()
  async silent(): Promise<void> {}

  @Task({ when: () => false })
  async unwanted(): Promise<void> {}

  @Task({
    dependencies: ['counts', 'silent', 'unwanted'],
    runWhen: 'allDone',
    when: (_context, upstream) => ((upstreamSeen = upstream), true),
  })
  async last(): Promise<void> {}
}

/** 100 tasks side by side on few slots. */
const slots = { now: 0, most: 0 };

@Workflow({ name: 'busy' })
class Busy {
  @Task()
  async work() {
    slots.most = Math.max(slots.most, (slots.now += 1));
    await new Promise((resolve) => setImmediate(resolve));
    slots.now -= 1;
  }
}

describeOnGrounds('the flow of an execution', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    log = [];
    seen = {};
    Object.assign(slots, { now: 0, most: 0 });
  });

  // Cloacina case 81, Cloacina case 83
  it('runs a chain in order; each task sees the input and what came before, through JSON', async () => {
    const node = await kit().boot([Chain]);
    const result = await node.execute(Chain, { input: 'x', when: new Date(0) });
    expect(log).toEqual(['first', 'second', 'third']);
    expect(seen['first']).toEqual({ input: 'x', when: '1970-01-01T00:00:00.000Z' });
    expect(seen['third']).toEqual({ input: 'x', when: '1970-01-01T00:00:00.000Z', n: 2, kept: true });
    expect(result).toMatchObject({
      state: 'completed',
      context: { input: 'x', n: 2, kept: true, at: '1970-01-01T00:00:00.000Z', deep: { b: 2 } },
    });
  });

  // Cloacina case 84, Cloacina case 85
  it('fans out and in; where outputs have a key the later task in order wins, objects are merged', async () => {
    const node = await kit().boot([Diamond]);
    const { context } = await node.execute(Diamond);
    expect(log[0]).toBe('top');
    expect(log.slice(1, 3).sort()).toEqual(['left', 'right']);
    expect(log[3]).toBe('bottom');
    const merged = { shared: 'right', deep: { top: 1, left: 1, right: 1 }, list: [2] };
    expect(seen['bottom']).toEqual(merged);
    expect(context).toEqual({ ...merged, done: true });
  });

  it('shows a task only its ancestors', async () => {
    const node = await kit().boot([Diamond]);
    await node.execute(Diamond);
    expect([seen['left'], seen['right']]).toEqual([
      { shared: 'top', deep: { top: 1 } },
      { shared: 'top', deep: { top: 1 } },
    ]);
  });

  // Cloacina case 101
  it('tells every task and the end of the execution once', async () => {
    const node = await kit().boot([Diamond]);
    await node.execute(Diamond);
    expect(node.told('task').filter((name) => name === 'task.completed')).toHaveLength(4);
    expect(node.told('execution')).toEqual(['execution.completed']);
  });

  // Cloacina case 75, Cloacina case 82
  it('fails, skips what is behind, and runs what waits for a failure', async () => {
    const node = await kit().boot([Conditions]);
    const result = await node.execute(Conditions, {}, 10_000);
    expect(result).toMatchObject({ state: 'failed', error: { name: 'Error', message: 'it broke', code: 'E_BROKEN' } });
    expect(log).toEqual(['cleanUp']);
    const rows = await node.rows('task');
    expect(Object.fromEntries(rows.map((row) => [row['task'], [row['state'], row['reason']]]))).toEqual({
      broken: ['failed', null],
      behind: ['skipped', 'upstream_failed'],
      cleanUp: ['completed', null],
      unwanted: ['skipped', 'when'],
    });
  });

  // Cloacina case 70, Cloacina case 71, Cloacina case 73
  it.each([
    [{ file: 'a', kind: 'csv' }, ['exists', 'equals', 'greater']],
    [{ file: null, kind: 'json' }, ['exists', 'greater']],
    [{ kind: 'csv' }, ['equals']],
    [{}, []],
  ])('runs the tasks whose conditions %j meets, and skips the others', async (context, expected) => {
    const node = await kit().boot([Gated]);
    expect((await node.execute(Gated, context)).state).toBe('completed');
    expect(log.sort()).toEqual([...expected].sort());
    const skipped = (await node.rows('task')).filter((row) => row['state'] === 'skipped');
    expect(skipped).toHaveLength(3 - expected.length);
  });

  // Cloacina case 86
  it('lets a task read what is absent and write what is there already', async () => {
    const read: unknown[] = [];
    jest.spyOn(Chain.prototype, 'first').mockImplementation(async (context) => {
      read.push(context.get('absent'), context.get('absent', 7), context.get('n'));
      context.set('n', 1);
      context.set('n', 2);
      read.push(context.get('n'), context.data);
      return undefined;
    });
    const node = await kit().boot([Chain]);
    const { context } = await node.execute(Chain, { n: 0 });
    jest.restoreAllMocks();
    expect(read).toEqual([undefined, 7, 0, 2, { n: 0 }]);
    expect(context).toMatchObject({ n: 2 });
    expect(await node.rows('firing')).toMatchObject([{ context: '{"n":0}' }]);
  });

  it('shows a "when" how each dependency ended, and with what output', async () => {
    const node = await kit().boot([Joined]);
    expect((await node.execute(Joined)).state).toBe('completed');
    expect(upstreamSeen).toEqual({
      counts: { state: 'completed', output: { n: 1 } },
      silent: { state: 'completed', output: undefined },
      unwanted: { state: 'skipped', output: undefined },
    });
  });

  it('runs no more bodies at once than it has slots, and leaves no slot behind', async () => {
    const node = await kit().boot([Busy], { worker: { concurrency: 3 } });
    const ids = await Promise.all(Array.from({ length: 40 }, () => node.start(Busy)));
    await kit().clock.advance(5_000);
    const states = (await node.rows('execution')).map((row) => row['state']);
    expect(states).toEqual(ids.map(() => 'completed'));
    expect(slots.most).toBe(3);
  });

  it('starts executions of one node in the order of their firings', async () => {
    const order: unknown[] = [];
    jest.spyOn(Chain.prototype, 'first').mockImplementation(async (context) => {
      order.push(context.get('n'));
      return undefined;
    });
    const node = await kit().boot([Chain], { worker: { concurrency: 1 } });
    await Promise.all(Array.from({ length: 20 }, (_, n) => node.start(Chain, { n })));
    await kit().clock.advance(2_000);
    jest.restoreAllMocks();
    expect(order).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });
});
