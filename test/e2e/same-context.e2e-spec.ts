import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TaskContext } from 'nestjs-triggers';
import type { FiringItem } from '../../libs/triggers/src/history/history.types.js';
import { TestClock } from '../../libs/triggers/src/testing/test-clock.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { until } from '../support/until.js';

/** What the body of the workflow waits for, and what it has seen. */
let work: Gate<void>;
let ran: unknown[];
/** What each trigger finds next, and how often it was polled. */
let found: Record<string, (poll: Poll) => TriggerResult>;
let polls: Record<string, number>;

const nothing = (): TriggerResult => TriggerResult.skip('nothing');
const look = (poll: Poll): TriggerResult => {
  polls[poll.trigger] = (polls[poll.trigger] ?? 0) + 1;
  return (found[poll.trigger] ?? nothing)(poll);
};

@Workflow({ name: 'work' })
class Work {
  @Task({ retry: { attempts: 1 } })
  async run(context: TaskContext): Promise<void> {
    ran.push(context.data);
    await work.opened;
  }
}

@Injectable()
class Sources {
  @Trigger({ workflow: Work, pollInterval: '10s' })
  one(poll: Poll) {
    return look(poll);
  }

  @Trigger({ workflow: Work, pollInterval: '10s' })
  other(poll: Poll) {
    return look(poll);
  }

  @Trigger({ workflow: Work, pollInterval: '10s', allowConcurrent: true })
  concurrent(poll: Poll) {
    return look(poll);
  }
}

describe.each(DIALECTS)('the same context again, on %s', (database) => {
  let app: TestApp;
  let clock: TestClock;

  beforeEach(async () => {
    work = gate();
    ran = [];
    found = {};
    polls = {};
    clock = new TestClock();
    // The clock runs faster than a database answers: with a short lease the node would lose it on the way.
    app = await boot({ database, clock, providers: [Work, Sources], options: { node: { lease: '1d' } } });
  });
  afterEach(async () => {
    work.open();
    await cleanUp();
  });

  /** Lets time pass until that is so. */
  const passUntil = (matches: () => boolean | Promise<boolean>, what: string): Promise<unknown> =>
    until(async () => {
      await clock.advance(1_000);
      return matches();
    }, what);
  /** Lets a trigger be polled that often from now on, and what it found be committed. */
  const poll = async (name: string, times: number): Promise<void> => {
    const before = (await app.get(`/${name}`)).counts.polls as number;
    await passUntil(async () => (await app.get(`/${name}`)).counts.polls >= before + times, `${name} is polled`);
  };
  const firings = async (name: string): Promise<FiringItem[]> => (await app.get(`/${name}/firings`)).items;
  const begun = (count: number): Promise<unknown> =>
    passUntil(() => ran.length >= count, `${count} executions have begun`);

  // Cloacina T-1
  it('with its keys in another order is one firing, while its execution runs', async () => {
    const contexts = [
      { a: 1, b: { c: [2, 3], d: null }, e: 'x' },
      { e: 'x', b: { d: null, c: [2, 3] }, a: 1 },
      { b: { c: [2, 3], d: null }, e: 'x', a: 1 },
    ];
    found['one'] = () => TriggerResult.fire(contexts[(polls['one'] ?? 0) % contexts.length]);
    await poll('one', 6);
    expect(await firings('one')).toHaveLength(1);
    expect(ran).toHaveLength(1);
    await passUntil(async () => (await firings('one'))[0]?.duplicates === (polls['one'] ?? 0) - 1, 'they are counted');
    expect(await app.get('/one')).toMatchObject({ counts: { fires: 1 } });
  });

  // Cloacina T-2, Cloacina case 22
  it('fires again at the next poll after its execution has completed, and another one fires beside it', async () => {
    found['one'] = () => TriggerResult.fire({ file: 'a' });
    await begun(1);
    await poll('one', 2);
    expect(await firings('one')).toHaveLength(1);
    found['one'] = () => TriggerResult.fire({ file: 'b' });
    await begun(2);
    found['one'] = nothing;
    work.open();
    await app.ended(2);

    found['one'] = () => TriggerResult.fire({ file: 'a' });
    await poll('one', 1);
    expect((await firings('one')).map(({ context }) => context)).toEqual([{ file: 'a' }, { file: 'b' }, { file: 'a' }]);
  });

  // Cloacina T-3
  it('fires three times without a context, each time after the execution before it has ended', async () => {
    work.open();
    for (let round = 1; round <= 3; round += 1) {
      found['one'] = () => TriggerResult.fire();
      await begun(round);
      found['one'] = nothing;
      await app.ended(round);
    }
    expect(ran).toEqual([{}, {}, {}]);
    expect((await app.get('/executions')).items).toHaveLength(3);
  });

  // Cloacina T-4
  it('runs beside itself where allowConcurrent says so', async () => {
    found['concurrent'] = () => (Number(polls['concurrent']) > 2 ? nothing() : TriggerResult.fire({ file: 'a' }));
    await begun(2);
    expect(await firings('concurrent')).toMatchObject([
      { state: 'accepted', dedupKey: null },
      { state: 'accepted', dedupKey: null },
    ]);
    expect((await app.get('/executions?state=running')).items).toHaveLength(2);
    work.open();
    await app.ended(2);
  });

  // Cloacina T-12
  it('fires by two triggers', async () => {
    found['one'] = found['other'] = () => TriggerResult.fire({ file: 'a' });
    await begun(2);
    await poll('one', 1);
    await poll('other', 1);
    expect(ran).toEqual([{ file: 'a' }, { file: 'a' }]);
    expect([await firings('one'), await firings('other')].map((items) => items.length)).toEqual([1, 1]);
    expect((await firings('one'))[0]?.dedupKey).toBe((await firings('other'))[0]?.dedupKey);
  });
});
