import { Injectable, NotFoundException } from '@nestjs/common';
import type { Provider } from '@nestjs/common';
import { CronTrigger, IntervalTrigger, Task, TriggerResult, Workflow } from 'nestjs-triggers';
import type { ScheduleTick, ScheduledContext, TaskContext } from 'nestjs-triggers';
import { TestClock } from '../../libs/triggers/src/testing/test-clock.js';
import { boot, cleanUp, logged } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';

const MINUTE_MS = 60_000;
/** In Berlin clocks are put forward a little later, from two to three. */
const START = '2026-03-29T00:57:30Z';

let clock: TestClock;
/** What bodies were told and tasks saw, as the instants of ticks. */
let bodies: string[];
let ran: string[];
let isBroken: boolean;
/** What the method of `yearly` was told, and how it answers. */
let told: ScheduleTick[];
let answer: 'fire' | 'key' | 'skip' | 'throw' | 'many';

@Workflow({ name: 'report' })
class Report {
  @Task()
  write({ data }: TaskContext<ScheduledContext>): void {
    ran.push(data.scheduledFor);
  }
}

@Injectable()
class Schedules {
  @CronTrigger({ workflow: Report, cron: '*/2 1-3 * * *', timeZone: 'Europe/Berlin' })
  nightly({ scheduledFor }: ScheduleTick): void {
    bodies.push(scheduledFor.toISOString());
  }

  @CronTrigger({ workflow: Report, cron: '0 0 1 1 *', timeout: '10s' })
  yearly(tick: ScheduleTick) {
    told.push(tick);
    const scheduledFor = `the year before ${tick.scheduledFor.toISOString()}`;
    if (answer === 'skip') return TriggerResult.skip('a holiday');
    if (answer === 'throw') throw new NotFoundException('no such year');
    if (answer === 'many')
      return TriggerResult.fireMany([{ context: { scheduledFor } }, { context: { scheduledFor } }]);
    return TriggerResult.fire({ scheduledFor }, answer === 'key' ? { dedupKey: '2025' } : {});
  }

  @IntervalTrigger({ workflow: Report, every: '1m', catchUp: 'all', enabled: false })
  often(): TriggerResult<never> | undefined {
    if (isBroken) throw new Error('the printer is off');
    return undefined;
  }
}

/** What is missed is caught up in as many ways as there are. */
@Injectable()
class CatchUps {
  @IntervalTrigger({ workflow: Report, every: '10m' })
  skips(): void {}

  @IntervalTrigger({ workflow: Report, every: '10m', maxLateness: '16m' })
  patient(): void {}

  @IntervalTrigger({ workflow: Report, every: '10m', catchUp: 'latest' })
  latest(): void {}

  @IntervalTrigger({ workflow: Report, every: '10m', catchUp: 'all' })
  all(): void {}

  @IntervalTrigger({ workflow: Report, every: '1m', catchUp: 'all' })
  many(): void {}

  @CronTrigger({ workflow: Report, cron: '0 0 30 2 *' })
  never(): void {}
}

describe.each(DIALECTS)('schedules, on %s', (dialect) => {
  let database: TestDatabase;

  beforeEach(async () => {
    clock = new TestClock(START);
    [bodies, ran, isBroken] = [[], [], false];
    [told, answer] = [[], 'fire'];
    database = await newDatabase(dialect);
  });
  afterEach(cleanUp);

  const start = (name: string, schedules: Provider = Schedules): Promise<TestApp> =>
    boot({ database, clock, providers: [Report, schedules], options: { node: { name, lease: '2m' } } });

  /** The ticks that fired, newest first, in minutes since the trigger was declared first. */
  const minutesOf = async (app: TestApp, name: string): Promise<number[]> => {
    const { firstSeenAt } = await app.get(`/${name}`);
    const { items } = (await app.get(`/${name}/firings?limit=1000`)) as { items: { scheduledFor: string }[] };
    return items.map(({ scheduledFor }) => (Date.parse(scheduledFor) - Date.parse(firstSeenAt)) / MINUTE_MS);
  };

  it('fire each tick once on two nodes, also when the owner stops, and run the method once', async () => {
    const nodes = [await start('one'), await start('two')];
    await clock.advance(3 * MINUTE_MS);
    const [first] = nodes as [TestApp, TestApp];
    const { owner } = await first.get('/nightly');
    const [leaving] = nodes.splice(owner === 'one' ? 0 : 1, 1);
    const [staying] = nodes as [TestApp];
    await leaving?.close();
    await clock.advance(4 * MINUTE_MS);
    const ticks = ['00:58', '01:00', '01:02', '01:04'].map((time) => `2026-03-29T${time}:00.000Z`);
    await staying.ended(4);
    expect([bodies, ran]).toEqual([ticks, ticks]);
    const { items } = await staying.get('/nightly/firings');
    expect(items).toMatchObject(
      [...ticks].reverse().map((tick) => ({ kind: 'schedule', state: 'accepted', dedupKey: tick, scheduledFor: tick })),
    );
    for (const { latenessMs } of items) expect(latenessMs).toBeLessThan(MINUTE_MS);
  });

  it('record ticks that were missed while nobody ran, and go on from the database', async () => {
    const app = await start('one');
    await clock.advance(MINUTE_MS);
    await app.close();
    expect(bodies).toHaveLength(1);
    clock.set('2026-03-29T03:00:00Z');
    const again = await start('two');
    await clock.advance(MINUTE_MS);
    const { items } = await again.get('/nightly/ticks');
    expect(items).toMatchObject([
      { outcome: 'skipped', reason: 'missed 30 ticks from 2026-03-29T01:00:00.000Z to 2026-03-29T01:58:00.000Z' },
      { outcome: 'fired' },
      { outcome: 'skipped', reason: 'the clock starts' },
    ]);
    expect(bodies).toHaveLength(1);
  });

  it('catch up what was missed for two hours as they say, and record the rest', async () => {
    const app = await start('one', CatchUps);
    await clock.advance(1_000);
    await app.close();
    clock.set(new Date(Date.parse(START) + 125 * MINUTE_MS));
    const again = await start('two', CatchUps);
    await clock.advance(1_000);
    const missedOf = async (name: string): Promise<number> => {
      const { items } = (await again.get(`/${name}/ticks`)) as { items: { reason: string | null }[] };
      const [reason] = items.flatMap((item) => (item.reason?.startsWith('missed') === true ? [item.reason] : []));
      return Number(/missed (\d+) ticks/.exec(reason ?? '')?.[1] ?? 0);
    };
    const found = await Promise.all(
      ['skips', 'patient', 'latest', 'all', 'many'].map(async (name) => {
        const minutes = (await minutesOf(again, name)).reverse();
        return [name, minutes.length, minutes[0], minutes.at(-1), await missedOf(name)];
      }),
    );
    expect(found).toEqual([
      ['skips', 0, undefined, undefined, 12],
      ['patient', 2, 110, 120, 10],
      ['latest', 1, 120, 120, 11],
      ['all', 12, 10, 120, 0],
      ['many', 100, 26, 125, 25],
    ]);
  });

  it('that never fire are told when the application starts', async () => {
    const app = await start('one', CatchUps);
    await clock.advance(1_000);
    expect(logged).toContain(
      'Trigger "never" never fires: no instant is named by "0 0 30 2 * UTC". Correct the expression.',
    );
    expect(await app.get('/never')).toMatchObject({ nextFireTimes: [], nextPollAt: null });
  });

  it('tell when they fire next, are fired and tried out by hand, and are not polled', async () => {
    const app = await start('one');
    await clock.advance(1_000);
    const detail = await app.get('/nightly');
    expect(detail).toMatchObject({ kind: 'schedule', state: 'active', pollInterval: null });
    expect(detail.nextFireTimes).toHaveLength(10);
    expect(detail.nextFireTimes.slice(0, 3)).toEqual([
      '2026-03-29T00:58:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-29T01:02:00.000Z',
    ]);
    expect(detail.nextPollAt).toBe('2026-03-29T00:58:00.000Z');
    expect(detail.options).toMatchObject({ cron: '*/2 1-3 * * *', timeZone: 'Europe/Berlin', catchUp: 'skip' });
    expect(await app.call('POST', '/nightly/poll')).toMatchObject({
      status: 409,
      body: { message: expect.stringContaining('fire it') },
    });
    expect(await app.call('PATCH', '/nightly', { pollInterval: '5m' })).toMatchObject({ status: 409 });
    const dryRun = await app.call('POST', '/nightly/test');
    expect(dryRun.body).toMatchObject({ status: 'fired', items: [{ dedupKey: '2026-03-29T00:58:00.000Z' }] });
    for (let times = 0; times < 2; times += 1) {
      expect((await app.call('POST', '/nightly/fire')).body).toMatchObject({ status: 'accepted', dedupKey: null });
    }
    await app.ended(2);
    expect(ran).toEqual(Array(2).fill(new Date(clock.now()).toISOString()));
  });

  describe('fired by hand', () => {
    const fire = (app: TestApp, body: object = {}, headers = {}) => app.call('POST', '/yearly/fire', body, headers);
    const now = (): string => new Date(clock.now()).toISOString();

    it('let their method make a context of this moment', async () => {
      const app = await start('one');
      expect((await fire(app)).body).toMatchObject({ status: 'accepted', dedupKey: null });
      await app.ended(1);
      expect(ran).toEqual([`the year before ${now()}`]);
      expect(told).toMatchObject([
        { trigger: 'yearly', scheduledFor: new Date(now()), lastFiredAt: null, dryRun: false },
      ]);
      expect(told[0]?.signal.aborted).toBe(false);
      answer = 'key';
      const twice = [await fire(app), await fire(app)];
      expect(twice.map(({ body }) => [body.status, body.dedupKey] as unknown)).toEqual([
        ['accepted', '2025'],
        ['duplicate', '2025'],
      ]);
    });

    it('take a context as it is, and do not call their method', async () => {
      const app = await start('one');
      await fire(app, { context: { scheduledFor: 'mine' } });
      await app.ended(1);
      expect([ran, told]).toEqual([['mine'], []]);
    });

    it('answer what their method decides', async () => {
      const app = await start('one');
      answer = 'skip';
      expect(await fire(app)).toMatchObject({ status: 202, body: { status: 'skipped', reason: 'a holiday' } });
      answer = 'throw';
      expect(await fire(app)).toMatchObject({ status: 404, body: { message: 'no such year' } });
      answer = 'many';
      expect(await fire(app)).toMatchObject({ status: 409, body: { code: 'TRG_API_CONFLICT' } });
      expect(await app.database.query('SELECT id FROM triggers_firing')).toEqual([]);
    });

    it('are one request under one Idempotency-Key, whatever moment each sees', async () => {
      const app = await start('one');
      const key = { 'idempotency-key': 'key-1' };
      const first = await fire(app, {}, key);
      clock.set(new Date(clock.now() + 1_000));
      expect((await fire(app, {}, key)).body).toMatchObject({ status: 'duplicate', firingId: first.body.firingId });
      expect(await fire(app, { context: { scheduledFor: 'mine' } }, key)).toMatchObject({ status: 422 });
    });
  });

  // Cloacina case 12, Cloacina case 47
  it('start their clock when an operator switches them on, at multiples since they were declared first', async () => {
    const app = await start('one');
    await clock.advance(1.5 * MINUTE_MS);
    expect(await app.get('/often')).toMatchObject({ state: 'disabled', nextFireTimes: [], cursor: null });
    await app.call('PATCH', '/often', { enabled: true });
    await clock.advance(2 * MINUTE_MS);
    expect(await minutesOf(app, 'often')).toEqual([3, 2]);
    await app.call('PATCH', '/often', { enabled: false });
    await clock.advance(2 * MINUTE_MS);
    await app.call('PATCH', '/often', { enabled: true });
    await clock.advance(MINUTE_MS);
    // Ticks while it was off are not caught up, although it catches up all.
    expect(await minutesOf(app, 'often')).toEqual([6, 3, 2]);
  });

  it('keep the tick that is tried again when an operator switches on what is on', async () => {
    const app = await start('one');
    await app.call('PATCH', '/often', { enabled: true });
    isBroken = true;
    await clock.advance(1.5 * MINUTE_MS);
    const { consecutiveFailures, cursor } = await app.get('/often');
    expect(consecutiveFailures).toBeGreaterThan(0);
    await app.call('PATCH', '/often', { enabled: true, reason: 'to be sure' });
    expect((await app.get('/often')).cursor).toEqual(cursor);
    isBroken = false;
    await clock.advance(MINUTE_MS);
    expect(await minutesOf(app, 'often')).toEqual([2, 1]);
  });
});
