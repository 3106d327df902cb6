import type { FireOutcome } from '../intake/fire.types.js';
import { IntakeService } from '../intake/intake.service.js';
import { NonRetryableError } from '../model/errors.js';
import { newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import { describeOnGrounds, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';
import { ExecutionControl } from './execution-control.service.js';

let log: string[] = [];
let body: (context: TaskContext) => Promise<void>;

@Workflow({ name: 'steps' })
class Steps {
  @Task({ retry: { attempts: 3, delay: '1s', jitter: 'none' } })
  async first(context: TaskContext): Promise<void> {
    log.push('first');
    await body(context);
  }

  @Task({ dependencies: ['first'] })
  async second(): Promise<void> {
    log.push('second');
  }
}

@Workflow({ name: 'single' })
class Single {
  @Task()
  async only(context: TaskContext): Promise<void> {
    await body(context);
  }
}

const untilAborted = ({ signal }: TaskContext): Promise<void> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => {
      log.push(`aborted: ${(signal.reason as Error).message.replace(/.* was/, 'was')}`);
      reject(signal.reason as Error);
    });
  });

describeOnGrounds('what operators do', (database) => {
  const kit = useEngineKit(database);
  const control = (node: TestNode): ExecutionControl => node.get(ExecutionControl);
  const state = async (node: TestNode): Promise<unknown> => (await node.rows('execution'))[0]?.['state'];
  beforeEach(() => (log = []));

  it('cancels: a running body is told by its signal, nothing follows, no attempt is made again', async () => {
    body = untilAborted;
    const node = await kit().boot([Steps]);
    const running = node.execute(Steps);
    await kit().clock.settle();
    const [row] = await node.rows('execution');
    expect(await control(node).cancel(row?.['id'] as ExecutionId, 'ann')).toEqual({ state: 'cancelling' });
    await kit().clock.advance(10_000);
    expect((await running).state).toBe('cancelled');
    expect(log).toEqual(['first', 'aborted: was cancelled.']);
    expect(node.told('execution')).toEqual(['execution.changed', 'execution.cancelled']);
  });

  it('cancels on the node that runs the body, asked on another one', async () => {
    body = untilAborted;
    const runs = await kit().boot([Steps]);
    const id = await runs.start(Steps);
    await kit().clock.settle();
    const other = await kit().boot([Steps]);
    await control(other).cancel(id);
    expect(await state(other)).toBe('cancelling');
    await kit().clock.advance(11_000);
    expect(await state(other)).toBe('cancelled');
  });

  it('cancels what a dead node ran when it is rescued', async () => {
    body = untilAborted;
    const dying = await kit().boot([Steps]);
    const id = await dying.start(Steps);
    await kit().clock.settle();
    await control(dying).cancel(id);
    dying.crash();
    const next = await kit().boot([Steps]);
    await kit().clock.advance(60_000);
    expect(await state(next)).toBe('cancelled');
    expect(next.told('execution')).toEqual(['execution.cancelled']);
  });

  // Cloacina case 102
  it('pauses: the running body ends, nothing starts until it is resumed', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Steps]);
    const id = await node.start(Steps);
    await kit().clock.settle();
    expect(await control(node).pause(id)).toEqual({ state: 'paused' });
    working.open();
    await kit().clock.advance(30_000);
    expect(log).toEqual(['first']);
    expect(await control(node).resume(id)).toEqual({ state: 'running' });
    await kit().clock.advance(1_000);
    expect([log, await state(node)]).toEqual([['first', 'second'], 'completed']);
  });

  it('pauses in the wait between two attempts', async () => {
    body = ({ attempt }) => (attempt === 1 ? Promise.reject(new Error('no')) : Promise.resolve());
    const node = await kit().boot([Steps]);
    const id = await node.start(Steps);
    await kit().clock.settle();
    await control(node).pause(id);
    await kit().clock.advance(30_000);
    expect(log).toEqual(['first']);
    await control(node).resume(id);
    await kit().clock.advance(1_000);
    expect(log).toEqual(['first', 'first', 'second']);
  });

  it('retries a cancelled execution to its end', async () => {
    body = untilAborted;
    const node = await kit().boot([Steps]);
    const id = await node.start(Steps);
    await kit().clock.settle();
    await control(node).cancel(id);
    await kit().clock.settle();
    body = () => Promise.resolve();
    expect(await control(node).retry(id)).toEqual({ state: 'running' });
    await kit().clock.advance(1_000);
    expect([log.slice(2), await state(node)]).toEqual([['first', 'second'], 'completed']);
  });

  it('cannot retry what has nothing left to run, although it was cancelled', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Single]);
    const id = await node.start(Single);
    await kit().clock.settle();
    await control(node).cancel(id);
    working.open();
    await kit().clock.advance(1_000);
    expect([await state(node), (await node.rows('task'))[0]?.['state']]).toEqual(['cancelled', 'completed']);
    await expect(control(node).retry(id)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('Replay it instead'),
    });
  });

  it('cannot retry what another execution has the key of, and are told which', async () => {
    body = () => Promise.reject(new NonRetryableError('broken'));
    const node = await kit().boot([Steps]);
    const start = (): Promise<FireOutcome> =>
      node.get(IntakeService).start({ workflow: node.get(WorkflowRegistry).require('steps'), dedupKey: 'k' });
    const failed = await start();
    await kit().clock.settle();
    const working = gate();
    body = () => working.opened;
    const holder = await start();
    await kit().clock.settle();
    await expect(control(node).retry(failed.executionIds[0] as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining(holder.firingId),
      details: { holder: holder.firingId, executionIds: holder.executionIds },
    });
    working.open();
    await kit().clock.advance(1_000);
  });

  it('may do twice what is harmless', async () => {
    const working = gate();
    body = () => working.opened;
    const node = await kit().boot([Steps]);
    const id = await node.start(Steps);
    await kit().clock.settle();
    for (let times = 0; times < 2; times += 1) expect(await control(node).pause(id)).toEqual({ state: 'paused' });
    for (let times = 0; times < 2; times += 1) expect(await control(node).cancel(id)).toEqual({ state: 'cancelling' });
    working.open();
    await kit().clock.advance(1_000);
    expect(await control(node).cancel(id, 'ann')).toEqual({ state: 'cancelled' });
    expect(node.events.all.filter(({ name }) => name === 'execution.changed')).toMatchObject([
      { executionId: id, workflow: 'steps', change: 'pause', by: null },
      { change: 'pause' },
      { change: 'cancel' },
      { change: 'cancel' },
      { change: 'cancel', by: 'ann' },
    ]);
  });

  it('are told what is wrong', async () => {
    body = () => Promise.resolve();
    const node = await kit().boot([Steps]);
    const { executionId } = await node.execute(Steps);
    const unknown = newId<ExecutionId>();
    await expect(control(node).pause(unknown)).rejects.toMatchObject({ code: 'TRG_API_EXECUTION_NOT_FOUND' });
    for (const wish of ['pause', 'resume', 'cancel', 'retry'] as const) {
      await expect(control(node)[wish](executionId)).rejects.toMatchObject({
        code: 'TRG_API_CONFLICT',
        details: { state: 'completed' },
      });
    }
  });
});
