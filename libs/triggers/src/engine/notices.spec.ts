import { until } from '../../../../test/support/until.js';
import { TriggersService } from '../admin/triggers.service.js';
import type { ExecutionId } from '../model/ids.js';
import { TriggerResult } from '../model/trigger-result.js';
import { PollerService } from '../sources/poll/poller.service.js';
import { Trigger } from '../sources/poll/trigger.decorator.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { DATABASES, gate, useEngineKit } from './engine.contract.js';
import type { TestNode } from './engine.contract.js';
import { ExecutionControl } from './execution-control.service.js';
import { LOOK_EVERY_MS } from './notice-listener.service.js';

const STEP_MS = 50;

let aborted: string[] = [];
let bodies: string[] = [];
let hold = gate();

@Workflow({ name: 'patient' })
class Patient {
  @Task()
  async wait({ signal, executionId }: TaskContext): Promise<void> {
    bodies.push(executionId);
    signal.addEventListener('abort', () => aborted.push(executionId));
    await Promise.race([hold.opened, new Promise((resolve) => signal.addEventListener('abort', resolve))]);
  }
}

let polls = 0;

class Watch {
  @Trigger({ workflow: Patient, name: 'watch', pollInterval: '1s' })
  async watch(): Promise<TriggerResult<never>> {
    polls += 1;
    return TriggerResult.skip();
  }
}

describe.each(DATABASES)('what happens in another process on %s', (database) => {
  const kit = useEngineKit(database);
  beforeEach(() => {
    [aborted, bodies, polls, hold] = [[], [], 0, gate()];
  });
  afterEach(() => hold.open());

  /** Notices travel in real time, which may pass; of the clock's no more than a second. */
  const withinASecond = async (isSo: () => boolean | Promise<boolean>, what: string): Promise<void> => {
    let passed = 0;
    await until(async () => {
      await kit().clock.settle();
      if (await isSo()) return true;
      if (passed < LOOK_EVERY_MS) await kit().clock.advance(STEP_MS);
      passed += STEP_MS;
      return isSo();
    }, what);
  };
  const boot = (): Promise<TestNode> => kit().boot([Patient, Watch], { worker: { concurrency: 2 } });

  it('stops a body here within a second when its execution is cancelled there', async () => {
    const [here, there] = [await boot(), await boot()];
    const id = await here.start(Patient);
    await kit().clock.settle();
    expect(bodies).toEqual([id]);
    await there.get(ExecutionControl).cancel(id);
    await withinASecond(() => aborted.includes(id), 'the signal of the body');
    await withinASecond(async () => (await there.rows('execution'))[0]?.['state'] === 'cancelled', 'the end');
  });

  it('stops polling here within a second when the trigger is disabled there, and goes on when it is enabled', async () => {
    const [here, there] = [await boot(), await boot()];
    await kit().clock.advance(3_000);
    expect(polls).toBeGreaterThan(1);
    const triggers = there.get(TriggersService);
    await triggers.setEnabled('watch', false, { by: 'ann' });
    await withinASecond(() => here.get(PollerService).require('watch').isResting, 'the rest of the trigger');
    const before = polls;
    await kit().clock.advance(5_000);
    expect(polls).toBe(before);
    await triggers.setEnabled('watch', true, { by: 'ann' });
    await withinASecond(() => polls > before, 'the next poll');
  });

  it('is run here within a second when it was started there and has no slot there', async () => {
    const [here, there] = [await boot(), await boot()];
    const started: ExecutionId[] = [];
    for (let at = 0; at < 4; at += 1) started.push(await there.start(Patient));
    const slots = database === 'sqlite' ? 2 : 4;
    await withinASecond(() => bodies.length === slots, 'a body for each slot');
    expect(started).toEqual(expect.arrayContaining(bodies));
    const owners = (await here.rows('task')).map((row) => row['owner']).filter((owner) => owner !== null);
    expect(new Set(owners).size).toBe(database === 'sqlite' ? 1 : 2);
  });
});
