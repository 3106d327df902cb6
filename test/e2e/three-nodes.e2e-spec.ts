import { Injectable } from '@nestjs/common';
import { Task, Trigger, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import { TestClock } from '../../libs/triggers/src/testing/test-clock.js';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import { until } from '../support/until.js';

const INTERVAL_MS = 2_000;
const NODES = ['one', 'two', 'three'];

let clock: TestClock;
let polls: number[];
let ran: unknown[];

@Workflow({ name: 'work' })
class Work {
  @Task()
  run(context: { readonly data: object }): void {
    ran.push(context.data);
  }
}

@Injectable()
class Source {
  @Trigger({ workflow: Work, pollInterval: '2s', dedup: 'off' })
  source({ cursor }: Poll<number>) {
    polls.push(clock.monotonic());
    const n = (cursor ?? 0) + 1;
    return TriggerResult.fire({ n }, { cursor: n });
  }
}

describe.each(DIALECTS)('three nodes on one database, on %s', (dialect) => {
  afterEach(cleanUp);

  // Cloacina T-10
  it('poll a trigger once an interval and fire what it finds once, also when its owner has left', async () => {
    clock = new TestClock();
    polls = [];
    ran = [];
    const database = await newDatabase(dialect);
    // The clock runs faster than a database answers: with a short lease a node would lose it on the way.
    const start = (name: string): Promise<TestApp> =>
      boot({ database, clock, providers: [Work, Source], options: { node: { name, lease: '2m' } } });
    const nodes: TestApp[] = [];
    for (const name of NODES) nodes.push(await start(name));
    const committed = async (): Promise<boolean> =>
      Number((await database.query('SELECT cursor FROM triggers_trigger'))[0]?.['cursor'] ?? 0) === polls.length;
    /** Lets time pass, and every poll be committed before it goes on. */
    const polled = (times: number): Promise<unknown> =>
      until(async () => {
        await clock.advance(1_000);
        await until(committed, 'the poll is committed');
        return polls.length >= times;
      }, `${times} polls`);

    await polled(10);
    const gaps = polls.slice(1).map((at, index) => at - (polls[index] as number));
    expect(gaps).toEqual(Array(9).fill(INTERVAL_MS));

    const { owner } = await (nodes[0] as TestApp).get('/source');
    const [leaving] = nodes.splice(NODES.indexOf(owner), 1);
    await leaving?.close();
    const before = polls.length;
    await polled(before + 5);
    const [witness] = nodes as [TestApp];
    expect((await witness.get('/source')).owner).not.toBe(owner);

    const executions = await witness.ended(polls.length);
    const numbers = executions.map(({ context }) => (context as { n: number }).n).sort((a, b) => a - b);
    expect(numbers).toEqual(polls.map((_, index) => index + 1));
    expect(ran).toHaveLength(polls.length);
  });
});
