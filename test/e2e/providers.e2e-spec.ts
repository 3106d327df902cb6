import { Controller, Get, Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ModuleRef, REQUEST } from '@nestjs/core';
import { DefinitionErrors, Task, Trigger, TriggerResult, TriggersModule, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext, TriggerSource, TriggersRequest } from 'nestjs-triggers';
import { TOKEN, boot, cleanUp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const seen: { readonly where: string; readonly instance: number; readonly request?: unknown }[] = [];
let instances = 0;
const instancesAt = (where: string): number[] =>
  seen.filter((one) => one.where === where).map(({ instance }) => instance);

/** What a unit of work of an application hangs on: one per run. */
@Injectable({ scope: Scope.REQUEST })
class UnitOfWork {
  readonly instance = (instances += 1);
}

@Workflow({ name: 'scoped' })
class ScopedWorkflow {
  constructor(
    private readonly unit: UnitOfWork,
    @Inject(REQUEST) private readonly request: TriggersRequest,
  ) {}

  @Task()
  first(_context: TaskContext) {
    seen.push({ where: 'first', instance: this.unit.instance, request: this.request });
  }

  @Task({ dependencies: ['first'] })
  second() {
    seen.push({ where: 'second', instance: this.unit.instance });
  }
}

@Injectable({ scope: Scope.REQUEST })
class ScopedTrigger {
  constructor(private readonly unit: UnitOfWork) {}

  @Trigger({ workflow: 'scoped', pollInterval: '20ms' })
  scopedPoll() {
    seen.push({ where: 'scopedPoll', instance: this.unit.instance });
    return TriggerResult.skip();
  }
}

@Injectable({ scope: Scope.TRANSIENT })
class TransientTrigger {
  readonly instance = (instances += 1);

  @Trigger({ workflow: 'scoped', pollInterval: '20ms' })
  transientPoll() {
    seen.push({ where: 'transientPoll', instance: this.instance });
    return TriggerResult.skip();
  }
}

@Controller('orders')
class OrdersController {
  readonly #orders = ['a'];

  @Get()
  list() {
    return this.#orders;
  }

  @Trigger({ workflow: 'scoped', pollInterval: '20ms', dedup: { for: 'ever' } })
  newOrders() {
    return TriggerResult.fireMany(this.#orders.map((order) => ({ context: { order } })));
  }
}

@Injectable()
class Twice {
  @Trigger({ workflow: 'scoped', name: 'often', pollInterval: '20ms' })
  @Trigger({ workflow: 'scoped', name: 'rarely', pollInterval: '1h', enabled: false })
  poll({ trigger }: Poll) {
    seen.push({ where: trigger, instance: 0 });
    return TriggerResult.skip();
  }
}

@Trigger({ workflow: 'scoped', pollInterval: '20ms' })
class InboxFolder implements TriggerSource {
  onTriggerInit(): void {
    seen.push({ where: 'init', instance: 0 });
  }

  poll() {
    seen.push({ where: 'class poll', instance: 0 });
    return TriggerResult.skip();
  }

  onTriggerDestroy(): void {
    seen.push({ where: 'destroy', instance: 0 });
  }
}

@Injectable()
class Settings {
  readonly interval = '25ms';
  readonly token = TOKEN;
}

@Injectable()
class Configured {
  @Trigger({
    workflow: 'scoped',
    pollInterval: (ref: ModuleRef) => ref.get(Settings, { strict: false }).interval as '25ms',
    enabled: async () => false,
  })
  configured() {
    return TriggerResult.skip();
  }
}

describe('providers of every kind', () => {
  beforeEach(() => {
    seen.length = 0;
    instances = 0;
  });
  afterEach(cleanUp);

  it('resolve what is request-scoped for each run anew', async () => {
    const app = await boot({ database: 'sqlite', providers: [UnitOfWork, ScopedWorkflow, ScopedTrigger] });
    await app.runner.execute('scoped', {});
    await app.runner.execute('scoped', {});
    const ofTasks = [...instancesAt('first'), ...instancesAt('second')];
    expect(ofTasks).toHaveLength(4);
    expect(new Set(ofTasks).size).toBe(4);
    expect(seen.find(({ where }) => where === 'first')?.request).toMatchObject({ label: 'ScopedWorkflow.first' });
    await until(() => instancesAt('scopedPoll').length >= 3, 'it is polled');
    expect(new Set(instancesAt('scopedPoll')).size).toBe(instancesAt('scopedPoll').length);
  });

  it('poll transient providers and controllers, whose routes go on working', async () => {
    const app = await boot({
      database: 'sqlite',
      providers: [UnitOfWork, ScopedWorkflow, TransientTrigger],
      controllers: [OrdersController],
    });
    await until(() => instancesAt('transientPoll').length >= 2, 'the transient provider is polled');
    expect(await app.ended(1)).toMatchObject([{ trigger: 'newOrders', context: { order: 'a' }, state: 'completed' }]);
    expect((await app.call('GET', '//orders')).body).toEqual(['a']);
  });

  it('may carry several triggers on one method, each with its own name, interval and switch', async () => {
    const app = await boot({ database: 'sqlite', providers: [UnitOfWork, ScopedWorkflow, Twice] });
    await until(() => instancesAt('often').length >= 3, 'one of them is polled');
    expect(instancesAt('rarely')).toEqual([]);
    expect((await app.get()).items).toMatchObject([
      { name: 'often', pollInterval: '20ms', enabled: true },
      { name: 'rarely', pollInterval: '1h', state: 'disabled' },
    ]);
  });

  it('may be triggers as a class: set up before the first poll, torn down after the last', async () => {
    const app = await boot({ database: 'sqlite', providers: [UnitOfWork, ScopedWorkflow, InboxFolder] });
    expect((await app.get()).items).toMatchObject([{ name: 'inbox_folder' }]);
    await until(() => instancesAt('class poll').length >= 2, 'it is polled');
    await app.close();
    const story = seen.map(({ where }) => where);
    expect(story.filter((where) => where !== 'class poll')).toEqual(['init', 'destroy']);
    expect([story[0], story.at(-1)]).toEqual(['init', 'destroy']);
  });

  it('give options by forRootAsync, with injected services and functions', async () => {
    @Module({ providers: [Settings], exports: [Settings] })
    class SettingsModule {}
    const app = await boot({
      database: 'sqlite',
      providers: [UnitOfWork, ScopedWorkflow, Configured],
      module: (database) =>
        TriggersModule.forRootAsync({
          imports: [SettingsModule],
          inject: [Settings],
          useFactory: async ({ interval }: Settings) => ({
            database: database.options,
            node: { name: `node-of-${interval}` },
          }),
          admin: { token: (ref: ModuleRef) => ref.get(Settings, { strict: false }).token },
        }),
    });
    expect(await app.get('/configured')).toMatchObject({ pollInterval: '25ms', enabled: false });
    expect((await app.get('/nodes')).items).toMatchObject([{ name: 'node-of-25ms' }]);
    expect((await app.call('GET', '', undefined, { authorization: 'Bearer something-else' })).status).toBe(401);
  });

  it('are refused when the module is imported twice', async () => {
    const database = await newDatabase('sqlite');
    const starting = boot({
      database,
      providers: [UnitOfWork, ScopedWorkflow],
      imports: [TriggersModule.forRoot({ database: { type: 'sqlite', path: ':memory:' }, admin: false })],
    });
    await expect(starting).rejects.toThrow(DefinitionErrors);
    await expect(starting).rejects.toThrow(/forRoot\(\) is imported twice.*Import it once/);
    expect(await database.hasTables()).toBe(false);
  });
});
