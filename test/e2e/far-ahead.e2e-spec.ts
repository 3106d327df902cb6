import { Injectable } from '@nestjs/common';
import { RetryAfterError, Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { until } from '../support/until.js';

/** Node's own timers end at 2^31 ms, 24.8 days: what is set further ahead fires after one millisecond. */
const DAY_MS = 86_400_000;
/** Polls of a quick trigger, to let time pass. */
const ROUNDS = 60;

let polls: Record<string, number>;
let ran: string[];

@Workflow({ name: 'work' })
class Work {
  @Task({ timeout: '365d' })
  run(): void {
    ran.push('work');
  }
}

@Workflow({ name: 'again' })
class Again {
  @Task({ retry: { attempts: 3, delay: '30d', maxDelay: '60d', jitter: 'none' } })
  later(): void {
    ran.push('later');
    throw new Error('not this month');
  }

  @Task()
  whenAsked(): void {
    ran.push('whenAsked');
    throw new RetryAfterError(40 * DAY_MS);
  }
}

const inDays = (at: string): number => Math.round((Date.parse(at) - Date.now()) / DAY_MS);

const look = ({ trigger }: Poll): TriggerResult => {
  polls[trigger] = (polls[trigger] ?? 0) + 1;
  return TriggerResult.skip('nothing');
};

@Injectable()
class Sources {
  @Trigger({ workflow: Work, pollInterval: '20ms', timeout: '365d' })
  quick(poll: Poll) {
    return look(poll);
  }

  @Trigger({ workflow: Work, pollInterval: '30d', timeout: '25d' })
  monthly(poll: Poll) {
    return look(poll);
  }
}

describe.each(DIALECTS)('what lies further ahead than a timer of Node reaches, on %s', (database) => {
  const warnings: string[] = [];
  const warn = (warning: Error): void => void warnings.push(`${warning.name}: ${warning.message}`);
  beforeEach(() => {
    polls = {};
    ran = [];
    warnings.length = 0;
    process.on('warning', warn);
  });
  afterEach(async () => {
    process.off('warning', warn);
    await cleanUp();
  });

  // Review 18
  it('waits: polls, attempts and starts of another month do not begin now, and nothing spins', async () => {
    const providers = [Work, Again, Sources];
    const first = await boot({ database, providers });
    await first.triggers.poll('monthly');
    await first.close();
    polls = {};
    const app = await boot({ database: first.database, providers, options: { node: { lease: '90d' } } });
    const timers = jest.spyOn(global, 'setTimeout');
    const runAt = new Date(Date.now() + 50 * DAY_MS);
    const { executionIds } = await app.triggers.fire('monthly', { month: 2 }, { runAt });
    const again = await app.runner.start('again', {});
    await app.runner.execute('work', {});
    await until(() => (polls['quick'] ?? 0) >= ROUNDS, 'time has passed', 30_000);

    expect(ran.sort()).toEqual(['later', 'whenAsked', 'work']);
    expect(polls['monthly']).toBeUndefined();
    expect(inDays((await app.get('/monthly')).nextPollAt)).toBe(30);
    expect(await app.get(`/executions/${executionIds[0]}`)).toMatchObject({ state: 'pending' });
    const { tasks } = await app.get(`/executions/${again}`);
    const waits = tasks.map(({ state, runAt: at }: { state: string; runAt: string }) => [state, inDays(at)]);
    expect(waits).toEqual([
      ['ready', 30],
      ['ready', 40],
    ]);
    for (const [, delayMs] of timers.mock.calls) expect(delayMs ?? 0).toBeLessThanOrEqual(60_000);
    expect(warnings.filter((warning) => warning.startsWith('TimeoutOverflowWarning'))).toEqual([]);
    timers.mockRestore();
  });
});
