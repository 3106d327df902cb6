import { Injectable } from '@nestjs/common';
import { Task, Workflow, WorkflowTrigger } from 'nestjs-triggers';
import type { WorkflowEnd } from 'nestjs-triggers';
import { armCrashPoint } from 'nestjs-triggers/testing';
import type { CrashPoint } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { Proxy } from '../support/proxy.js';
import { until } from '../support/until.js';

let work: Gate<void>;

@Workflow({ name: 'first' })
class First {
  @Task()
  async only() {
    await work.opened;
    return { done: true };
  }
}

@Workflow({ name: 'second' })
class Second {
  @Task()
  only() {}
}

@Injectable()
class Chain {
  @WorkflowTrigger({ workflow: First, on: 'completed', start: Second })
  after(end: WorkflowEnd) {
    return { first: end.executionId };
  }
}

describe('the end of an execution after which Postgres goes away', () => {
  let proxy: Proxy;
  afterEach(async () => {
    proxy.mend();
    await cleanUp();
    proxy.close();
  });

  it.each<CrashPoint>(['commit:committed', 'finish:committed', 'followUp:commit', 'commit:follow_up_take:after'])(
    'is followed once when it is back, cut off at %s',
    async (point) => {
      const database = await newDatabase('postgres');
      proxy = await Proxy.to(database.environment['DATABASE'] as string);
      const app = await boot({
        database: { ...database, options: { ...database.options, url: proxy.url } as typeof database.options },
        providers: [First, Second, Chain],
        options: { node: { lease: '3s' }, shutdown: { drain: '1s' } },
      });
      const away = app.kit.events.next('store.away');
      work = gate();
      const id = await app.runner.start(First, {});
      await app.kit.events.next('task.started');
      armCrashPoint(app.nest, { point, act: () => proxy.cut() });
      work.open();
      await away;
      proxy.mend();
      await until(
        async () => {
          const fired = await database.query(`SELECT id FROM triggers_firing WHERE trigger = 'after'`);
          const open = await database.query('SELECT id FROM triggers_follow_up');
          return fired.length > 0 && open.length === 0;
        },
        'the end was followed',
        30_000,
      );
      expect(await database.query(`SELECT caused_by, state FROM triggers_firing WHERE trigger = 'after'`)).toEqual([
        { caused_by: id, state: 'accepted' },
      ]);
    },
    60_000,
  );
});
