import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import { endAll, spawnChild } from '../support/child.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { newFolder } from '../support/folder.js';
import { until } from '../support/until.js';

/** A connection of the application, closed where most applications close it: in `onModuleDestroy`. */
@Injectable()
class Connection implements OnModuleDestroy {
  isOpen = true;

  onModuleDestroy(): void {
    this.isOpen = false;
  }
}

class Gate {
  entered = 0;
  readonly events: string[] = [];
  open!: () => void;
  readonly opened = new Promise<void>((resolve) => (this.open = resolve));
}
let gate: Gate;

@Workflow({ name: 'slow', onFailure: () => gate.events.push('failure told') })
class Slow {
  constructor(private readonly connection: Connection) {}

  @Task({ retry: { attempts: 1 } })
  async work(context: TaskContext<{ after: 'return' | 'use' | 'hang' }>) {
    gate.entered += 1;
    if (gate.entered > 1) return { again: true };
    if (context.data.after === 'hang') {
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
      throw context.signal.reason;
    }
    await gate.opened;
    if (context.data.after === 'use' && !this.connection.isOpen) throw new Error('connection closed');
    gate.events.push('body ended');
    return { done: true };
  }

  @Task({ dependencies: ['work'] })
  after() {
    gate.events.push('dependant ran');
  }
}

@Injectable()
class Witness implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    gate.events.push('application shut down');
  }
}

describe.each(DIALECTS)('a shutdown, on %s', (dialect) => {
  beforeEach(() => {
    gate = new Gate();
  });
  afterEach(cleanUp);

  const providers = [Slow, Connection, Witness];

  it('lets running tasks end, begins no other, and keeps the rest for the next start', async () => {
    const app = await boot({ database: dialect, providers });
    const id = await app.runner.start('slow', { after: 'return' });
    await until(() => gate.entered === 1, 'the body runs');
    const closing = app.close();
    await until(() => !app.nest.get(Connection).isOpen, 'the stop has begun');
    gate.open();
    await closing;
    expect(gate.events).toEqual(['body ended', 'application shut down']);

    const next = await boot({ database: app.database, providers });
    const [execution] = await next.ended(1);
    expect(execution).toMatchObject({ id, state: 'completed' });
    expect(gate.events.filter((event) => event === 'body ended')).toHaveLength(1);
    expect(gate.events).toContain('dependant ran');
  });

  // Review 27
  it('puts back a body that throws because its connections were closed: no attempt is spent, nobody is alerted', async () => {
    const app = await boot({ database: dialect, providers });
    const id = await app.runner.start('slow', { after: 'use' });
    await until(() => gate.entered === 1, 'the body runs');
    const closing = app.close();
    await until(() => !app.nest.get(Connection).isOpen, 'the connection is closed');
    gate.open();
    await closing;
    expect(gate.events).toEqual(['application shut down']);

    const next = await boot({ database: app.database, providers });
    await next.ended(1);
    const { state, tasks } = await next.get(`/executions/${id}`);
    expect(state).toBe('completed');
    expect(tasks[0]).toMatchObject({ attempt: 1, rescues: 0, output: { again: true } });
    expect(gate.events).not.toContain('failure told');
  });

  it('tells bodies to stop after the drain time and puts them back', async () => {
    const app = await boot({ database: dialect, providers, options: { shutdown: { drain: '50ms' } } });
    const id = await app.runner.start('slow', { after: 'hang' });
    await until(() => gate.entered === 1, 'the body runs');
    await app.close();

    const next = await boot({ database: app.database, providers });
    await next.ended(1);
    expect((await next.get(`/executions/${id}`)).tasks[0]).toMatchObject({
      state: 'completed',
      attempt: 1,
      rescues: 0,
    });
  });

  it('tells a poll that hangs to stop after the drain time; it is no failure', async () => {
    const reasons: unknown[] = [];
    let entered = 0;
    @Injectable()
    class Hanging {
      @Trigger({ workflow: 'slow', pollInterval: '10ms' })
      async hang(poll: Poll) {
        entered += 1;
        await new Promise<void>((resolve) => poll.signal.addEventListener('abort', () => resolve()));
        reasons.push((poll.signal.reason as { code: string }).code);
        return TriggerResult.fire({ after: 'return' });
      }
    }
    const app = await boot({
      database: dialect,
      providers: [...providers, Hanging],
      options: { shutdown: { drain: '50ms' } },
    });
    await until(() => entered === 1, 'the poll runs');
    await app.close();
    await until(() => reasons.length === 1, 'the poll was told');
    expect(reasons).toEqual(['TRG_ENG_STOPPED']);
    const [row] = await app.database.query('SELECT failures, fires FROM triggers_trigger');
    expect([Number(row?.['failures']), Number(row?.['fires'])]).toEqual([0, 0]);
  });

  describe('by SIGTERM in a process of its own', () => {
    afterEach(endAll);

    it('ends the running task and the process, and leaves no lease behind', async () => {
      const database = await newDatabase(dialect);
      const effects = join(newFolder(), 'effects');
      const child = spawnChild('worker.mjs', { ...database.environment, EFFECTS: effects, TASK_MS: '400' });
      await child.call('POST', '/workflows/chain/run', {});
      await child.says('started');
      expect(existsSync(effects)).toBe(false);
      child.kill('SIGTERM');
      expect(await child.exit(5_000)).toEqual({ code: null, signal: 'SIGTERM' });
      expect(child.stderr).toBe('');
      expect(readFileSync(effects, 'utf8').trim().split('\n')).toHaveLength(1);
      expect(await database.query('SELECT id FROM triggers_node')).toEqual([]);
      const tasks = await database.query('SELECT task, state FROM triggers_task');
      expect(Object.fromEntries(tasks.map(({ task, state }) => [task, state]))).toEqual({
        first: 'completed',
        second: 'ready',
        third: 'blocked',
      });
    });
  });
});
