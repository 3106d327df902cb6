import { EventBus } from '../model/events.js';
import type { ExecutionId } from '../model/ids.js';
import { EventMonitor } from './event-monitor.js';

const executionId = 'x' as ExecutionId;
const workflow = 'greeting';

describe('EventMonitor', () => {
  let bus: EventBus;
  let events: EventMonitor;
  beforeEach(() => {
    bus = new EventBus(
      () => 0,
      (message) => {
        throw new Error(message);
      },
    );
    events = new EventMonitor(bus);
  });
  const fail = (task: string): void => bus.emit('task.failed', { executionId, workflow, task, error: 'no voice' });
  const complete = (): void => bus.emit('execution.completed', { executionId, workflow });

  it('records what is told, by name, until it is cleared', () => {
    fail('a');
    complete();
    expect(events.all.map(({ name }) => name)).toEqual(['task.failed', 'execution.completed']);
    expect(events.of('task.failed')).toMatchObject([{ task: 'a', error: 'no voice' }]);
    expect(events.of('task.failed', 'execution.completed')).toHaveLength(2);
    events.clear();
    expect(events.all).toEqual([]);
  });

  it('gives what was told already, each event once, then waits for the next', async () => {
    fail('a');
    fail('b');
    expect(await events.next('task.failed')).toMatchObject({ task: 'a' });
    expect(await events.next('task.failed')).toMatchObject({ task: 'b' });
    const third = events.next('task.failed');
    complete();
    fail('c');
    expect(await third).toMatchObject({ task: 'c' });
  });

  it('passes over events that do not match, and leaves them to others', async () => {
    fail('a');
    const b = events.next('task.failed', ({ task }) => task === 'b');
    fail('b');
    expect(await b).toMatchObject({ task: 'b' });
    expect(await events.next('task.failed')).toMatchObject({ task: 'a' });
  });

  it('gives one event to one of two who wait', async () => {
    const both = [events.next('task.failed'), events.next('task.failed')];
    fail('a');
    fail('b');
    expect((await Promise.all(both)).map(({ task }) => task)).toEqual(['a', 'b']);
  });

  it('says what was told instead', async () => {
    complete();
    await expect(events.next('task.failed', undefined, { limit: '5ms' })).rejects.toMatchObject({
      code: 'TRG_TEST_LIMIT',
      message:
        'Waited 5ms in vain. No "task.failed" that matches was told. Told instead:\n' +
        '  execution.completed {"executionId":"x","workflow":"greeting"}',
    });
    events.clear();
    await expect(events.next('task.failed', undefined, { limit: '5ms' })).rejects.toThrow('Nothing else was told');
  });

  it('shows the last twenty', async () => {
    for (let n = 0; n < 25; n += 1) fail(`task-${n}.`);
    const waiting = events.next('execution.completed', undefined, { limit: '5ms' });
    await expect(waiting).rejects.toThrow('Told instead (the last 20 of 25)');
    await expect(waiting).rejects.not.toThrow('task-4.');
  });
});
