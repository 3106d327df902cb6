import { Injectable } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import type { TestingModule } from '@nestjs/testing';
import { TriggersService } from '../admin/triggers.service.js';
import { WorkflowRunner } from '../admin/workflow-runner.service.js';
import { TriggerResult } from '../model/trigger-result.js';
import { Trigger } from '../sources/poll/trigger.decorator.js';
import { IntervalTrigger } from '../sources/schedule/schedule.decorators.js';
import { WorkflowTrigger } from '../sources/workflow/workflow-trigger.decorator.js';
import { TriggersModule } from '../triggers.module.js';
import { Task } from '../workflows/task.decorator.js';
import type { TaskContext } from '../workflows/task-context.js';
import { Workflow } from '../workflows/workflow.decorator.js';
import { STEP_POINTS } from './crash-point.js';
import type { CrashPoint } from './crash-point.js';
import { armCrashPoint, watchCrashPoints } from './crash-points.js';

@Workflow({ name: 'work' })
class Work {
  @Task({ onSuccess: () => undefined, retry: { attempts: 2, delay: '0ms' } })
  first(context: TaskContext) {
    if (context.attempt === 1) throw new Error('not yet');
  }

  @Task({ dependencies: ['first'] })
  second() {
    return { done: true };
  }
}

@Workflow({ name: 'after' })
class After {
  @Task()
  look() {}
}

@Injectable()
class Source {
  @Trigger({ workflow: Work, name: 'source', pollInterval: '1h' })
  poll() {
    return TriggerResult.fire({ n: 1 }, { cursor: 1 });
  }

  @WorkflowTrigger({ workflow: Work, on: 'completed', start: After })
  follow() {}
}

@Injectable()
class Schedule {
  @IntervalTrigger({ workflow: After, every: '1h' })
  hourly() {}
}

describe('crash points', () => {
  let app: TestingModule;

  const create = async (providers: Provider[]): Promise<void> => {
    app = await Test.createTestingModule({
      imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: ':memory:' }, admin: false })],
      providers,
    }).compile();
    app.useLogger(false);
  };

  beforeEach(() => create([Work, After, Source]));
  afterEach(() => app.close());

  const workOnce = async (): Promise<void> => {
    await app.get(WorkflowRunner).execute(Work, {});
    await app.get(TriggersService).poll('source');
    await app.get(WorkflowRunner).execute(Work, {});
  };

  it('are passed by a poll, a firing, a claim, a retry, a finish, a callback and a follow-up, each of them', async () => {
    const passed = watchCrashPoints(app);
    await app.init();
    await workOnce();
    expect(STEP_POINTS.filter((point) => !passed.has(point))).toEqual([]);
  });

  it('are passed by the poll of a schedule, which starts its clock', async () => {
    await app.close();
    await create([After, Schedule]);
    const passed: CrashPoint[] = [];
    const committed = new Promise<void>((resolve) => {
      for (const point of ['poll:call', 'poll:returned'] as const)
        armCrashPoint(app, { point, act: () => passed.push(point) });
      armCrashPoint(app, { point: 'poll:committed', act: resolve });
    });
    await app.init();
    await committed;
    expect(passed).toEqual(['poll:call', 'poll:returned']);
  });

  it('stand before and after every statement of a commit', async () => {
    const passed = watchCrashPoints(app);
    await app.init();
    await workOnce();
    const statements = [...passed.keys()].filter((point) => /^commit:\w+:before$/.test(point));
    expect(statements).toEqual(
      expect.arrayContaining(
        ['node_register', 'poll_guard', 'firing_insert', 'dedup_take', 'task_put_back', 'task_finish', 'told_task'].map(
          (name) => `commit:${name}:before`,
        ),
      ),
    );
    for (const before of statements) {
      const after = before.replace(':before', ':after') as CrashPoint;
      expect([after, passed.get(after)]).toEqual([after, passed.get(before)]);
    }
  });

  it('act once, when they are passed for the nth time', async () => {
    const passed: string[] = [];
    armCrashPoint(app, { point: 'task:call', act: () => passed.push('first') });
    armCrashPoint(app, { point: 'task:call', nth: 3, act: () => passed.push('third') });
    armCrashPoint(app, { point: 'commit:nobody_has_this:before', act: () => passed.push('never') });
    await app.init();
    const running = watchCrashPoints(app);
    await app.get(WorkflowRunner).execute(Work, {});
    expect(running.get('task:call')).toBe(3);
    expect(passed).toEqual(['first', 'third']);
  });
});
