import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow, WorkflowTrigger } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp, logged } from '../support/app.js';
import { DIALECTS } from '../support/database.js';

@Workflow({ name: 'ship' })
class Ship {
  @Task()
  pack(_context: TaskContext) {}
}

@Workflow({ name: 'pay' })
class Pay {
  @Task()
  charge(_context: TaskContext) {}
}

@Workflow({ name: 'order' })
class Order {
  @Task()
  check(_context: TaskContext) {}
}

@Injectable()
class Several {
  @Trigger({ workflow: Ship, pollInterval: '1h', dedup: { for: 'ever' } })
  byPoll() {
    return TriggerResult.fire({ by: 'poll' });
  }

  @Trigger({ workflow: [Ship, Pay], pollInterval: '1h', dedup: { for: 'ever' } })
  both() {
    return TriggerResult.fire({ by: 'both' });
  }

  @WorkflowTrigger({ workflow: Order, on: 'completed', start: Ship })
  byOrder() {
    return { by: 'order' };
  }

  @Trigger({ workflow: Ship, name: 'fast', pollInterval: '1h', enabled: false })
  @Trigger({ workflow: Pay, name: 'slow', pollInterval: '2h', enabled: false })
  @WorkflowTrigger({ workflow: Pay, on: 'failed', start: Order, name: 'unpaid' })
  twice(_found: object): TriggerResult<{ by: string }> {
    return TriggerResult.fire({ by: 'twice' });
  }
}

@Workflow({ name: 'a' })
class A {
  @Task()
  work(_context: TaskContext) {}
}

@Workflow({ name: 'b' })
class B {
  @Task()
  work(_context: TaskContext) {}
}

@Injectable()
class Circle {
  @WorkflowTrigger({ workflow: A, on: 'completed', start: B })
  afterA() {}

  @WorkflowTrigger({ workflow: B, on: 'completed', start: A })
  afterB() {}
}

afterEach(cleanUp);

describe.each(DIALECTS)('triggers of different kinds, on %s', (database) => {
  it('start one workflow each by itself: any of them is enough', async () => {
    const app = await boot({ database, providers: [Ship, Pay, Order, Several] });
    await app.triggers.poll('byPoll');
    await app.triggers.poll('both');
    await app.triggers.fire('byOrder', { by: 'hand' });
    await app.runner.start(Order, {});
    await app.kit.drain();
    const started = await app.get('/executions?limit=100');
    const of = (workflow: string): unknown[] =>
      started.items
        .filter((item: { workflow: string }) => item.workflow === workflow)
        .map(({ trigger, context }: { trigger: string; context: { by: string } }) => `${trigger}: ${context.by}`)
        .sort();
    expect(of('ship')).toEqual(['both: both', 'byOrder: hand', 'byOrder: order', 'byPoll: poll']);
    expect(of('pay')).toEqual(['both: both']);
    const [firing, ...more] = (await app.get('/both/firings')).items;
    expect([more, firing.executionIds.length]).toEqual([[], 2]);
  });

  it('may stand on one method, each with a name of its own', async () => {
    const app = await boot({ database, providers: [Ship, Pay, Order, Several] });
    const kinds = await Promise.all(['fast', 'slow', 'unpaid'].map((name) => app.get(`/${name}`)));
    expect(kinds.map(({ kind, workflows, pollInterval }) => [kind, workflows, pollInterval])).toEqual([
      ['poll', ['ship'], '1h'],
      ['poll', ['pay'], '2h'],
      ['workflow', ['order'], null],
    ]);
  });

  it('that start each other in a circle end at depth 16, as a dead letter, and say so at boot', async () => {
    const app = await boot({ database, providers: [A, B, Circle] });
    expect(logged).toContain(
      'Workflow triggers go in a circle: "a" → "b" → "a", by "afterA", "afterB". Unless a method skips, it ends as a ' +
        'dead letter, reason "loop", after 16 executions that caused each other. That bounds the depth alone: where one ' +
        'end starts several workflows, there may be thousands before it ends.',
    );
    await app.runner.start(A, {});
    expect(await app.kit.drain()).toMatchObject({ completed: 17 });
    expect(app.kit.events.of('firing.dead')).toMatchObject([{ trigger: 'afterA', reason: 'loop' }]);
    expect((await app.get('/dead-letters')).items).toMatchObject([{ trigger: 'afterA', reason: 'loop' }]);
    const rows = await app.database.query('SELECT depth FROM triggers_firing ORDER BY id');
    expect(rows.map(({ depth }) => Number(depth))).toEqual([...Array(18).keys()]);
  });
});

describe('triggers of different kinds that cannot stand together', () => {
  @Injectable()
  class First {
    @Trigger({ workflow: Ship })
    late(_poll: Poll) {
      return TriggerResult.skip();
    }

    @Trigger({ workflow: Ship })
    @WorkflowTrigger({ workflow: Pay, on: 'completed', start: Ship })
    two(_either: object): TriggerResult {
      return TriggerResult.skip();
    }
  }

  @Injectable()
  class Second {
    @WorkflowTrigger({ workflow: Order, on: 'completed', start: Ship })
    late() {}

    @WorkflowTrigger({ workflow: 'ordr', on: 'finished' as never, start: 'shp' })
    misspelt() {}

    @WorkflowTrigger({ workflow: Order, on: [] as never, start: Ship, name: 'executions' })
    reserved() {}
  }

  it('are reported together, with class and method of both', async () => {
    const refused = boot({ database: 'sqlite', providers: [Ship, Pay, Order, First, Second] });
    const { message } = (await refused.catch((error: unknown) => error)) as Error;
    for (const part of [
      'Two triggers have the name "late": First.late and Second.late.',
      'Two triggers have the name "two": First.two and First.two.',
      'Trigger "misspelt" (Second.misspelt) starts unknown workflow "shp".',
      'Trigger "misspelt" (Second.misspelt) follows unknown workflow "ordr".',
      'option "on" is "finished"; it takes one or more of "completed", "failed", "cancelled".',
      'option "on" is []; it takes',
      'a trigger cannot be called "executions"',
    ]) {
      expect(message).toContain(part);
    }
  });
});
