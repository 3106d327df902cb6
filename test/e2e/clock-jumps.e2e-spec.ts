import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import { TestClock } from '../../libs/triggers/src/testing/test-clock.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { until } from '../support/until.js';

const DAY_MS = 86_400_000;
const INTERVAL_MS = 2_000;
const WAIT_MS = 5_000;

let clock: TestClock;
/** Instants of monotonic time: of the polls, of the attempts by execution. */
let polls: number[];
let attempts: Record<string, number[]>;
let begun: number;
let work: Gate<void>;

@Workflow({ name: 'flaky' })
class Flaky {
  @Task({ retry: { attempts: 3, backoff: 'fixed', delay: '5s', jitter: 'none' } })
  async work(context: TaskContext) {
    (attempts[context.executionId] ??= []).push(clock.monotonic());
    if (context.attempt < 3) throw new Error('not yet');
    return { attempt: context.attempt };
  }
}

@Workflow({ name: 'patient' })
class Patient {
  @Task()
  async work(context: TaskContext) {
    begun += 1;
    await Promise.race([
      work.opened,
      new Promise((_resolve, reject) => context.signal.addEventListener('abort', reject)),
    ]);
    return { done: begun };
  }

  @Task({ dependencies: ['work'] })
  after() {
    return { after: true };
  }
}

@Injectable()
class Source {
  @Trigger({ workflow: Flaky, pollInterval: '2s' })
  source(_poll: Poll) {
    polls.push(clock.monotonic());
    return TriggerResult.skip('nothing');
  }
}

describe.each(DIALECTS)('a wall clock that jumps, on %s', (database) => {
  let app: TestApp;

  beforeEach(() => {
    polls = [];
    attempts = {};
    begun = 0;
    work = gate();
    clock = new TestClock();
  });
  afterEach(async () => {
    work.open();
    await cleanUp();
  });

  const start = async (lease: '30s' | '2m' | '2d'): Promise<void> => {
    app = await boot({ database, clock, providers: [Flaky, Patient, Source], options: { node: { lease } } });
    await pass(2 * INTERVAL_MS);
  };
  /** Lets time pass second by second, and every poll come to its end before it goes on. */
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      await clock.advance(1_000);
      await until(async () => (await app.get('/source')).nextPollAt !== null, 'the poll and its commit have ended');
    }
  };
  /** The same without a look at the polls: one that ran when the lease was lost counts for nothing. */
  const passUntil = (matches: () => boolean | Promise<boolean>, what: string): Promise<unknown> =>
    until(async () => (await clock.advance(1_000), matches()), what);
  const jump = (byMs: number): void => clock.set(new Date(clock.now() + byMs));
  const tasksOf = async (id: string): Promise<unknown[]> => (await app.get(`/executions/${id}`)).tasks;
  const isOver = async (id: string): Promise<boolean> => (await app.get(`/executions/${id}`)).state === 'completed';
  const over = (id: string): Promise<unknown> =>
    until(async () => (await pass(1_000), isOver(id)), 'the execution is completed');

  const JUMPS: readonly (readonly [what: string, jumps: readonly number[]])[] = [
    ['a day ahead', [DAY_MS]],
    ['a day back', [-DAY_MS]],
    ['a day ahead and back again', [DAY_MS, -DAY_MS]],
    ['a day back and ahead again', [-DAY_MS, DAY_MS]],
  ];

  // Review 18
  it.each(JUMPS)('%s changes no rate of polls, and stops no body', async (_what, jumps) => {
    await start('2d');
    const from = polls.length;
    const id = await app.runner.start('patient', {});
    await until(() => begun === 1, 'the body has begun');
    for (const by of jumps) {
      await pass(3 * INTERVAL_MS);
      jump(by);
    }
    await pass(5 * INTERVAL_MS);
    const gaps = polls.slice(from).map((at, index) => at - (polls[from + index - 1] as number));
    expect(gaps.length).toBeGreaterThanOrEqual(8);
    expect(gaps).toEqual(gaps.map(() => INTERVAL_MS));

    work.open();
    await over(id);
    expect(await tasksOf(id)).toMatchObject([
      { attempt: 1, rescues: 0, output: { done: 1 } },
      { output: { after: true } },
    ]);
    const later = await app.runner.start('flaky', {});
    await over(later);
    expect(attempts[later]).toHaveLength(3);
  });

  // Review 18
  it('ahead: an attempt that waits comes early rather than never', async () => {
    await start('2d');
    const id = await app.runner.start('flaky', {});
    await until(() => attempts[id]?.length === 1, 'the first attempt has failed');
    await pass(1_000);
    jump(DAY_MS);
    await over(id);
    const [first = 0, second = 0, third = 0] = attempts[id] ?? [];
    expect(second - first).toBeLessThanOrEqual(WAIT_MS);
    expect(third - second).toBeGreaterThanOrEqual(WAIT_MS);
  });

  // Review 18
  it('back: an attempt that waits comes within a renewal of the lease, not a day later', async () => {
    await start('30s');
    const id = await app.runner.start('flaky', {});
    await until(() => attempts[id]?.length === 1, 'the first attempt has failed');
    jump(-DAY_MS);
    await pass(30_000);
    expect(await isOver(id)).toBe(true);
  });

  // Review 18
  it('ahead of the lease: what runs is aborted and begins again, and no attempt is spent', async () => {
    await start('2m');
    const id = await app.runner.start('patient', {});
    await until(() => begun === 1, 'the body has begun');
    jump(DAY_MS);
    await passUntil(() => begun === 2, 'it begins again');
    const before = polls.length;
    work.open();
    await passUntil(() => isOver(id), 'the execution is completed');
    await passUntil(() => polls.length > before, 'triggers are polled');
    expect(await tasksOf(id)).toMatchObject([{ attempt: 1, rescues: 1, output: { done: 2 } }, { attempt: 1 }]);
  });
});
