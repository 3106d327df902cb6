import { Task, Workflow } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';

const told: string[] = [];
const hang = (): Promise<never> => new Promise(() => undefined);
const fail = (): never => {
  throw new Error('pager is down');
};

@Workflow({ name: 'calls', onSuccess: 'toldAll' })
class Calls {
  @Task({ onSuccess: fail })
  throwing() {
    return { first: true };
  }

  @Task({ dependencies: ['throwing'], onSuccess: hang })
  hanging() {
    return { second: true };
  }

  @Task({ dependencies: ['hanging'] })
  last() {
    told.push('last task ran');
  }

  async toldAll(): Promise<void> {
    told.push('workflow told');
  }
}

describe.each(DIALECTS)('a callback that throws or hangs, on %s', (database) => {
  afterEach(cleanUp);

  it('changes nothing but its own record, and execute() waits for it no longer than ten seconds', async () => {
    told.length = 0;
    const clock = new TestClock();
    const app = await boot({ database, clock, providers: [Calls] });
    let ended = false;
    const result = app.runner.execute('calls', {}).finally(() => (ended = true));
    await app.kit.events.next('execution.completed');
    await clock.settle();
    expect(told).toEqual(['last task ran', 'workflow told']);
    await clock.advance(9_000);
    expect(ended).toBe(false);
    await clock.advance(1_001);
    expect(await result).toMatchObject({ state: 'completed', context: { first: true, second: true } });

    await app.kit.drain();
    const { tasks, callbacks } = await app.get(`/executions/${(await result).executionId}`);
    expect(tasks.map(({ state }: { state: string }) => state)).toEqual(['completed', 'completed', 'completed']);
    expect(tasks[0].callbacks).toEqual([{ kind: 'onSuccess', state: 'failed', error: 'pager is down' }]);
    expect(tasks[1].callbacks).toEqual([
      { kind: 'onSuccess', state: 'failed', error: expect.stringContaining('10000ms') },
    ]);
    expect(callbacks).toEqual([{ kind: 'onSuccess', state: 'completed', error: null }]);
  });
});
