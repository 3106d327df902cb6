import { Logger } from '@nestjs/common';
import type { TaskContext } from '../workflows/task-context.js';
import { pollOf } from './poll.builder.js';
import { taskContext } from './task-context.builder.js';

describe('pollOf', () => {
  it('is a first poll unless it is told otherwise', () => {
    expect(pollOf()).toMatchObject({ cursor: undefined, lastFiredAt: null, dryRun: false, consecutiveFailures: 0 });
    expect(pollOf().signal.aborted).toBe(false);
    expect(pollOf().now).toBeInstanceOf(Date);
    expect(pollOf({ now: new Date(5) }).now).toEqual(new Date(5));
    expect(pollOf({ trigger: 'guests', dryRun: true })).toMatchObject({ trigger: 'guests', dryRun: true });
  });

  it('brings the cursor through JSON, and refuses one that cannot be stored', () => {
    const at = new Date(0);
    expect(pollOf<unknown>({ cursor: { at } }).cursor).toEqual({ at: at.toISOString() });
    expect(() => pollOf({ cursor: { n: 1n } })).toThrow('pollOf() was given a cursor that cannot be stored');
  });
});

describe('taskContext', () => {
  const greet = (context: TaskContext<{ name: string; at?: Date }>): object => {
    context.set('seen', context.data.name);
    context.progress(0.5, 'half');
    return { text: `Hello ${context.get('name')}`, seen: context.get('seen') };
  };

  it('lets a task run without an application, and keeps what it did', () => {
    const context = taskContext({ data: { name: 'Ada' }, attempt: 2 });
    expect(greet(context)).toEqual({ text: 'Hello Ada', seen: 'Ada' });
    expect(Object.fromEntries(context.written)).toEqual({ seen: 'Ada' });
    expect(context.told).toEqual([{ fraction: 0.5, note: 'half' }]);
    expect(context.attempt).toBe(2);
  });

  it('is a first attempt unless it is told otherwise', () => {
    const context = taskContext({ executionId: 'x', taskId: 'greet' });
    expect(context).toMatchObject({ attempt: 1, trigger: null, workflow: 'workflow', idempotencyKey: 'x/greet' });
    expect(context.data).toEqual({});
    expect(context.logger).toBeInstanceOf(Logger);
    expect(context.signal.aborted).toBe(false);
  });

  it('brings data through JSON, instances of a class too, and refuses what no firing could carry', () => {
    class Guest {
      name = 'Ada';
      at = new Date(0);
    }
    expect(taskContext({ data: new Guest() }).data).toEqual({ name: 'Ada', at: '1970-01-01T00:00:00.000Z' });
    expect(() => taskContext({ data: { n: 1n } })).toThrow('The data of taskContext(): "n" is a bigint');
  });

  it('passes the signal on', () => {
    const controller = new AbortController();
    const { signal } = taskContext({ signal: controller.signal });
    controller.abort();
    expect(signal.aborted).toBe(true);
  });
});
