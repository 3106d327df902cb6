import { Injectable } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { OnTriggers, Task, Workflow } from 'nestjs-triggers';
import type { TaskContext, TriggersEvent } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import type { ExecutionDetail } from '../../libs/triggers/src/history/history.types.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
/** Longer than from one renewal to the next. */
const RENEWED_MS = 41_000;

let clock: TestClock;
let database: TestDatabase;
/** Bodies in the order in which they began, as `version node task`. */
let began: string[];
let told: TriggersEvent[];
/** Which nodes hold a `check` until they are stopped. */
let holders: Set<string>;

function begin(version: number, node: string, { taskId, data }: TaskContext): object {
  began.push(`${version} ${node} ${taskId}`);
  return { [taskId]: version, seen: Object.keys(data) };
}

async function stopped({ signal }: TaskContext): Promise<void> {
  await new Promise((stop) => signal.addEventListener('abort', stop));
  signal.throwIfAborted();
}

const versions = {
  one: (node: string): Provider => {
    @Workflow({ name: 'import' })
    class Import {
      @Task()
      read(context: TaskContext) {
        return begin(1, node, context);
      }

      @Task({ dependencies: ['read'] })
      async check(context: TaskContext) {
        const output = begin(1, node, context);
        if (holders.has(node)) await stopped(context);
        return output;
      }

      @Task({ dependencies: ['check'] })
      store(context: TaskContext) {
        return begin(1, node, context);
      }
    }
    return Import;
  },
  /** `check` is called `verify`. */
  renamed: (node: string): Provider => {
    @Workflow({ name: 'import', onFailure: (_task, error) => void began.push(`told ${error.message}`) })
    class Import {
      @Task()
      read(context: TaskContext) {
        return begin(2, node, context);
      }

      @Task({ dependencies: ['read'] })
      async verify(context: TaskContext) {
        const output = begin(2, node, context);
        if (holders.has(node)) await stopped(context);
        return output;
      }

      @Task({ dependencies: ['verify'] })
      store(context: TaskContext) {
        return begin(2, node, context);
      }
    }
    return Import;
  },
  added: (node: string): Provider => {
    @Workflow({ name: 'import' })
    class Import {
      @Task()
      read(context: TaskContext) {
        return begin(2, node, context);
      }

      @Task({ dependencies: ['read'] })
      async check(context: TaskContext) {
        const output = begin(2, node, context);
        if (holders.has(node)) await stopped(context);
        return output;
      }

      @Task({ dependencies: ['check'] })
      store(context: TaskContext) {
        return begin(2, node, context);
      }

      @Task({ dependencies: ['store'] })
      report(context: TaskContext) {
        return begin(2, node, context);
      }
    }
    return Import;
  },
};

@Injectable()
class Alerts {
  @OnTriggers('execution.failed')
  hear(event: TriggersEvent): void {
    told.push(event);
  }
}

function node(name: string, version: keyof typeof versions): Promise<TestApp> {
  // The clock runs faster than a database answers: with a short lease a node would lose it on the way.
  const options = { node: { name, lease: '2m' }, shutdown: { drain: '1ms' } } as const;
  return boot({ database, clock, providers: [versions[version](name), Alerts], options });
}

/** Lets seconds pass until it is so. */
function passing(isSo: () => boolean | Promise<boolean>, what: string): Promise<unknown> {
  return until(async () => {
    await clock.advance(SECOND_MS);
    return isSo();
  }, what);
}

describe('executions in flight when a deploy changes the tasks that they still have to run', () => {
  beforeEach(async () => {
    [began, told, holders, clock] = [[], [], new Set(), new TestClock()];
    database = await newDatabase('postgres');
  });
  afterEach(cleanUp);

  const detail = (app: TestApp, id: string): Promise<ExecutionDetail> => app.get(`/executions/${id}`);
  const stateOf = async (app: TestApp, id: string): Promise<string> => (await detail(app, id)).state;
  const ends = (app: TestApp, ...ids: string[]): Promise<unknown> =>
    passing(
      async () => (await Promise.all(ids.map((id) => stateOf(app, id)))).every((state) => state === 'completed'),
      'they are completed',
    );
  const bodies = (name: string): number => began.filter((line) => line.startsWith(name)).length;
  /** Executions whose second task a node has begun, and will not end. */
  const inFlight = async (app: TestApp, name: string, count: number): Promise<string[]> => {
    holders.add(name);
    const before = bodies('');
    const ids = await Promise.all(Array.from({ length: count }, () => app.runner.start('import', {})));
    await until(() => bodies('') === before + 2 * count, 'their second tasks have begun');
    return ids;
  };

  it('go on where the old tasks are known, however long that takes', async () => {
    const [first, second] = [await node('first', 'one'), await node('second', 'one')];
    const moved = await inFlight(first, 'first', 3);
    const [kept] = (await inFlight(second, 'second', 1)) as [string];
    const next = await node('next', 'renamed');
    holders.delete('second');
    await first.close();
    await ends(next, ...moved);
    expect(bodies('1 second check')).toBe(1 + moved.length);
    const [newest] = [await next.runner.start('import', {})];
    await ends(next, newest);
    expect((await detail(next, newest)).tasks.map(({ task }) => task)).toEqual(['read', 'verify', 'store']);
    await clock.advance(11 * MINUTE_MS);
    expect([await stateOf(next, kept), told]).toEqual(['running', []]);
    expect(began.filter((line) => /^2 next check|^1 .* verify/.test(line))).toEqual([]);
  }, 60_000);

  it('fail after ten minutes without such a node, and say which tasks are missing, until a rollback and a retry', async () => {
    const old = await node('old', 'one');
    const [id] = (await inFlight(old, 'old', 1)) as [string];
    const next = await node('next', 'renamed');
    await old.close();
    await clock.advance(10 * MINUTE_MS - SECOND_MS);
    expect([await stateOf(next, id), told]).toEqual(['running', []]);
    expect((await next.get('/nodes')).items.filter(({ alive }: { alive: boolean }) => alive)).toMatchObject([
      { name: 'next', workflows: [expect.stringMatching(/^import:/)] },
    ]);
    await clock.advance(RENEWED_MS);
    const message = expect.stringMatching(
      /has changed, its tasks "check", "store" are gone or depend on others.*retry/,
    );
    const error = { code: 'TRG_WORKFLOW_CHANGED', message };
    expect(await detail(next, id)).toMatchObject({ state: 'failed', error });
    expect(told).toMatchObject([{ name: 'execution.failed', executionId: id, workflow: 'import', error: message }]);
    expect(began.at(-1)).toEqual(expect.stringContaining('told Execution'));
    const { items } = await next.get('/dead-letters');
    expect(items).toMatchObject([{ kind: 'execution', id, error }]);

    const back = await node('back', 'one');
    await next.close();
    expect((await back.call('POST', `/executions/${id}/retry`)).status).toBe(200);
    await ends(back, id);
    expect(bodies('1 old read') + bodies('1 back read')).toBe(1);
    const { result, tasks } = await detail(back, id);
    expect(result).toMatchObject({ read: 1, check: 1, store: 1 });
    expect(tasks.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  }, 60_000);

  it('have lost nothing when the deploy is taken back within ten minutes, and those of the deploy wait in turn', async () => {
    const old = await node('old', 'one');
    const before = await inFlight(old, 'old', 3);
    const next = await node('next', 'renamed');
    await old.close();
    const meanwhile = await inFlight(next, 'next', 2);
    await clock.advance(9 * MINUTE_MS);
    const back = await node('back', 'one');
    await next.close();
    await ends(back, ...before);
    await clock.advance(8 * MINUTE_MS);
    expect(await Promise.all(meanwhile.map((id) => stateOf(back, id)))).toEqual(['running', 'running']);
    const again = await node('again', 'renamed');
    await ends(again, ...before, ...meanwhile);
    expect(told).toEqual([]);
  }, 60_000);

  it('go back to old nodes too that a deploy with a new task had taken over; only what began with that task waits', async () => {
    const old = await node('old', 'one');
    const before = await inFlight(old, 'old', 2);
    const next = await node('next', 'added');
    holders.add('next');
    await old.close();
    await passing(() => bodies('2 next check') === before.length, 'the new node has taken them over');
    const [newest] = (await inFlight(next, 'next', 1)) as [string];
    const back = await node('back', 'one');
    await next.close();
    await ends(back, ...before);
    expect(bodies('1 back check')).toBe(before.length);
    expect(await stateOf(back, newest)).toBe('running');
    await clock.advance(10 * MINUTE_MS + 2 * RENEWED_MS);
    expect(told).toMatchObject([
      { executionId: newest, error: expect.stringContaining('its tasks "report" are gone') },
    ]);
    expect(await Promise.all(before.map((id) => stateOf(back, id)))).toEqual(['completed', 'completed']);
  }, 60_000);
});
