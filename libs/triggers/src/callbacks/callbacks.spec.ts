import { Injectable } from '@nestjs/common';
import { DATABASES, gate, useEngineKit } from '../engine/engine.contract.js';
import { FaultyDialect } from '../store/contract/faulty-dialect.contract.js';
import { TransactionFailure } from '../store/dialects/dialect.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { OnTriggers } from './on-triggers.decorator.js';

let log: string[] = [];
/** What the callbacks of the workflow `told` do, besides writing it down. */
let callback: () => unknown = () => undefined;
let broken = false;
let endCallback: () => unknown = () => undefined;

function print(what: string) {
  return async (...[task, errorOrContext]: unknown[]) => {
    log.push(`${what} ${String(task)}${errorOrContext instanceof Error ? `: ${errorOrContext.message}` : ''}`);
    await callback();
  };
}

@Injectable()
class Notifier {
  async onFailure(task: string, error: Error): Promise<void> {
    log.push(`provider ${task}: ${error.message}`);
  }
}

@Workflow({ name: 'told' })
class Told {
  @Task({ onSuccess: print('[SUCCESS]'), onFailure: print('[FAILURE]'), retry: { attempts: 1 } })
  async first(context: TaskContext) {
    log.push('first runs');
    if (broken) throw new Error('broken');
    context.set('value', 42);
    return { from: 'first' };
  }

  @Task({ dependencies: ['first'], onSuccess: 'seen', retry: { attempts: 1 } })
  async second(context: TaskContext) {
    log.push('second runs');
    return { input: context.get('n') };
  }

  seen(_task: string, context: TaskContext): void {
    log.push(`method sees ${JSON.stringify(context.data)}`);
  }
}

@Workflow({ name: 'flow', onSuccess: 'done', onFailure: 'failed' })
class Flow {
  @Task({ onFailure: Notifier, onRetry: print('[RETRY]'), retry: { attempts: 2, delay: '1s', jitter: 'none' } })
  async only() {
    if (broken) throw new Error('broken');
    return { out: 1 };
  }

  async done(name: string, view: { readonly data: object }): Promise<void> {
    await endCallback();
    log.push(`done ${name} ${JSON.stringify(view.data)}`);
  }

  async failed(name: string, error: Error): Promise<void> {
    await endCallback();
    log.push(`failed ${name}: ${error.message}`);
  }
}

@Injectable()
class Listener {
  @OnTriggers('execution.completed', 'execution.failed')
  hear(event: { readonly name: string }): void {
    log.push(`heard ${event.name}`);
    throw new Error('a listener broke');
  }
}

describe.each(DATABASES)('callbacks on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    log = [];
    callback = endCallback = () => undefined;
    broken = false;
  });

  // Cloacina case 95, Cloacina case 99, Cloacina case 100
  it('are called after the commit and before the dependant begins, with what the task wrote', async () => {
    const node = await kit().boot([Told]);
    await node.execute(Told, { n: 7 });
    expect(log).toEqual(
      ['first runs', '[SUCCESS] first', 'second runs', 'method sees {"n":7,"from":"first","value":42,"input":7}'].map(
        (line) => (line.startsWith('method') ? expect.stringMatching(/^method sees \{.*"n":7.*\}$/) : line),
      ),
    );
    expect(JSON.parse(String(log[3]).slice('method sees '.length))).toEqual({
      n: 7,
      value: 42,
      from: 'first',
      input: 7,
    });
    expect((await node.rows('task')).map((row) => row['callback_state'])).toEqual(['completed', 'completed']);
  });

  // Cloacina case 96, Cloacina case 97
  it('tell a failure once, with task and error, and no success', async () => {
    broken = true;
    const node = await kit().boot([Told]);
    expect((await node.execute(Told)).state).toBe('failed');
    expect(log).toEqual(['first runs', '[FAILURE] first: broken']);
  });

  // Cloacina case 98
  it('change nothing when they throw, at once or later', async () => {
    const node = await kit().boot([Told]);
    callback = () => {
      throw new Error('a callback broke');
    };
    expect((await node.execute(Told)).state).toBe('completed');
    const [row] = await node.rows('task');
    expect(row).toMatchObject({ state: 'completed', callback_state: 'failed', callback_error: 'a callback broke' });
    expect(node.told('callback')).toEqual(['callback.failed']);
  });

  it('hold nothing up when they hang, and are given up after ten seconds', async () => {
    const never = gate();
    callback = () => never.opened;
    const node = await kit().boot([Told]);
    const running = node.execute(Told);
    const settled = jest.fn();
    void running.then(settled);
    await kit().clock.advance(1_000);
    expect(log).toContain('second runs');
    expect(await node.rows('execution')).toMatchObject([{ state: 'completed' }]);
    await kit().clock.advance(8_999);
    expect(settled).not.toHaveBeenCalled();
    await kit().clock.advance(1);
    expect((await running).state).toBe('completed');
    expect((await node.rows('task'))[0]).toMatchObject({
      callback_state: 'failed',
      callback_error: 'It did not end within 10000ms',
    });
  });

  it('of a workflow are awaited by execute(), also when no task has one', async () => {
    const slow = gate();
    endCallback = () => slow.opened;
    const node = await kit().boot([Flow, Notifier]);
    const running = node.execute(Flow, { n: 1 });
    const settled = jest.fn();
    void running.then(settled);
    await kit().clock.advance(3_000);
    expect(settled).not.toHaveBeenCalled();
    slow.open();
    await running;
    expect(log).toEqual(['done flow {"n":1,"out":1}']);
    expect(await node.rows('execution')).toMatchObject([{ callback: 'onSuccess', callback_state: 'completed' }]);
  });

  it('of a workflow are called when the database answers again that did not when they were due', async () => {
    const node = await kit().boot([Flow, Notifier]);
    const { dialect } = node.store;
    const read = dialect.read.bind(dialect);
    dialect.read = () => Promise.reject(new Error('read ECONNRESET'));
    const running = node.execute(Flow, { n: 1 });
    await kit().clock.advance(5_000);
    expect(log).toEqual([]);
    dialect.read = read;
    expect(await node.rows('execution')).toMatchObject([{ state: 'completed', callback_state: 'pending' }]);
    await kit().clock.advance(1_000);
    await running;
    expect(log).toEqual(['done flow {"n":1,"out":1}']);
    expect(await node.rows('execution')).toMatchObject([{ callback_state: 'completed', callback_error: null }]);
  });

  it('of a workflow are called once, and soon, when nobody was told that their commit was done', async () => {
    const node = await kit().boot([Flow, Notifier]);
    const faulty = new FaultyDialect(node.store.dialect);
    const { commits } = node.store;
    const submit = commits.submit.bind(commits);
    jest.spyOn(commits, 'submit').mockImplementation((kind, item, options) => {
      if ((kind as { name: string }).name === 'finish') faulty.faults = ['lostAfter'];
      return submit(kind, item, options);
    });
    await node.start(Flow, { n: 1 });
    await kit().clock.advance(20_000);
    expect(log).toEqual(['done flow {"n":1,"out":1}']);
    expect(await node.rows('execution')).toMatchObject([{ callback_state: 'completed' }]);
  });

  it('tell every retry, the final failure once, by a provider, and then the workflow', async () => {
    broken = true;
    const node = await kit().boot([Flow, Notifier]);
    await node.execute(Flow, {}, 5_000);
    expect(log).toEqual(['[RETRY] only: broken', 'provider only: broken', 'failed flow: broken']);
  });

  // Cloacina case 118
  it('that a dead process had not finished are called again by another one', async () => {
    const never = gate();
    callback = () => never.opened;
    const dying = await kit().boot([Told]);
    await dying.start(Told);
    await kit().clock.settle();
    expect(log.filter((line) => line === '[SUCCESS] first')).toHaveLength(1);
    dying.crash();
    callback = () => undefined;
    const next = await kit().boot([Told]);
    await kit().clock.advance(60_000);
    expect(log.filter((line) => line === '[SUCCESS] first')).toHaveLength(2);
    expect((await next.rows('task')).map((row) => row['callback_state'])).toEqual(['completed', 'completed']);
  });

  it('do not keep a process whose database is away from stopping: the next one calls them again', async () => {
    const slow = gate();
    callback = () => slow.opened;
    const node = await kit().boot([Told]);
    await node.start(Told);
    await kit().clock.settle();
    node.store.dialect.transaction = () => Promise.reject(new TransactionFailure('away', 'rolledBack', 'gone'));
    slow.open();
    await kit().clock.settle();
    await kit().shutDown(node, 3_000);
    callback = () => undefined;
    const next = await kit().boot([Told]);
    await kit().clock.advance(60_000);
    expect(log.filter((line) => line === '[SUCCESS] first')).toHaveLength(2);
    expect((await next.rows('task')).map((row) => row['callback_state'])).toEqual(['completed', 'completed']);
  });

  it('of a workflow that a dead process had not finished see input, outputs and error', async () => {
    broken = true;
    endCallback = () => gate().opened;
    const dying = await kit().boot([Flow, Notifier]);
    await dying.start(Flow, { n: 1 });
    await kit().clock.advance(5_000);
    dying.crash();
    endCallback = () => undefined;
    log = [];
    await kit().boot([Flow, Notifier]);
    await kit().clock.advance(60_000);
    expect(log).toEqual(['failed flow: broken']);
  });

  it('that a new version no longer declares are forgotten, not called for ever', async () => {
    callback = () => gate().opened;
    const dying = await kit().boot([Told]);
    await dying.start(Told);
    await kit().clock.settle();
    dying.crash();
    const next = await kit().boot([Flow, Notifier]);
    await kit().clock.advance(60_000);
    expect((await next.rows('task'))[0]).toMatchObject({
      callback_state: 'failed',
      callback_error: 'no longer declared',
    });
  });

  it('of @OnTriggers hear events, and harm nobody when they throw', async () => {
    const node = await kit().boot([Flow, Notifier, Listener]);
    expect((await node.execute(Flow)).state).toBe('completed');
    expect(log).toContain('heard execution.completed');
  });
});
