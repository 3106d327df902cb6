import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll, TriggerView } from 'nestjs-triggers';
import { TestClock } from '../../libs/triggers/src/testing/test-clock.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';
import { until } from '../support/until.js';

let clock: TestClock;
/** When each trigger was polled, in monotonic time. */
let polls: Record<string, number[]>;
let work: Gate<void>;
let begun: number;

const look = ({ trigger }: Poll): void => void (polls[trigger] ??= []).push(clock.monotonic());

@Workflow({ name: 'long' })
class Long {
  @Task()
  async run(): Promise<void> {
    begun += 1;
    await work.opened;
  }
}

@Injectable()
class Sources {
  @Trigger({ workflow: Long, pollInterval: '10s' })
  slow(poll: Poll) {
    look(poll);
    return TriggerResult.fire({ report: 'yearly' });
  }

  @Trigger({ workflow: Long, pollInterval: '1s' })
  quick(poll: Poll) {
    look(poll);
    return TriggerResult.skip('nothing');
  }

  @Trigger({ workflow: Long, pollInterval: '100ms' })
  eager(poll: Poll) {
    look(poll);
    return TriggerResult.skip('nothing');
  }
}

/** The time between one poll and the next, of the polls from an instant on. */
function gaps(trigger: string, from: number): number[] {
  const of = (polls[trigger] ?? []).filter((at) => at >= from);
  return of.slice(1).map((at, index) => at - (of[index] as number));
}

describe.each(DIALECTS)('every trigger keeps its own pace, on %s', (database) => {
  let app: TestApp;

  beforeEach(async () => {
    polls = {};
    begun = 0;
    work = gate();
    clock = new TestClock();
    // The clock runs faster than a database answers: with a short lease the node would lose it on the way.
    app = await boot({ database, clock, providers: [Long, Sources], options: { node: { lease: '1d' } } });
    await pass(10_000);
  });
  afterEach(async () => {
    work.open();
    await cleanUp();
  });

  /** Lets time pass, and every poll and its commit come to their end before it goes on. */
  const pass = async (ms: number, stepMs = 1_000): Promise<void> => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await clock.advance(stepMs);
      await until(async () => {
        const { items } = (await app.get()) as { items: TriggerView[] };
        return items.every(({ nextPollAt }) => nextPollAt !== null);
      }, 'the polls and their commits have ended');
    }
  };

  // Cloacina T-5
  it('while the workflow that another one started goes on and on', async () => {
    await until(() => begun === 1, 'the long workflow has begun');
    const from = clock.monotonic();
    await pass(60_000);
    expect(begun).toBe(1);
    expect((await app.get('/executions?state=running')).items).toHaveLength(1);
    expect(gaps('quick', from)).toEqual(Array(59).fill(1_000));
    // The one that fires is polled as before, too: its result is a duplicate.
    expect(gaps('slow', from)).toEqual(Array(5).fill(10_000));
  });

  // Cloacina T-15
  it('of 100 ms as of a minute: no base tick rounds it up', async () => {
    const from = clock.monotonic();
    await pass(5_000, 100);
    expect(gaps('eager', from)).toEqual(Array(49).fill(100));
    expect((await app.get('/eager')).pollIntervalMs).toBe(100);
  });
});
