import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import type { Poll } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { Work } from '../support/work.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
let polled: { trigger: string; dryRun: boolean }[] = [];
const pollsOf = (name: string): number => polled.filter(({ trigger }) => trigger === name).length;

@Injectable()
class Daily {
  @Trigger({ workflow: Work, pollInterval: '24h' })
  daily({ trigger, dryRun }: Poll) {
    polled.push({ trigger, dryRun });
    return TriggerResult.fire({ day: 1 }, { cursor: { at: pollsOf('daily') }, dedupKey: 'day-1' });
  }
}

@Injectable()
class Frequent {
  @Trigger({ workflow: Work, pollInterval: '10s' })
  frequent({ trigger, dryRun }: Poll) {
    polled.push({ trigger, dryRun });
    return TriggerResult.skip('nothing');
  }
}

describe.each(DIALECTS)('the life of a trigger, on %s', (dialect) => {
  let clock: TestClock;
  let database: TestDatabase;
  beforeEach(async () => {
    polled = [];
    clock = new TestClock();
    database = await newDatabase(dialect);
  });
  afterEach(cleanUp);

  const start = (providers: (typeof Daily | typeof Frequent | typeof Work)[]): Promise<TestApp> =>
    boot({ database, clock, providers });

  // Cloacina T-8
  it('of 24 hours that was polled an hour ago is not polled by a restart, but when the day is over', async () => {
    const first = await start([Work, Daily]);
    await clock.advance(MINUTE);
    expect(await first.kit.drain()).toMatchObject({ completed: 1 });
    const { lastPollAt } = await first.get('/daily');
    await first.close();
    clock.set(new Date(clock.now() + HOUR));

    const second = await start([Work, Daily]);
    await clock.advance(5 * MINUTE);
    expect(pollsOf('daily')).toBe(1);
    const { nextPollAt } = await second.get('/daily');
    expect(Math.abs(Date.parse(nextPollAt) - Date.parse(lastPollAt) - 24 * HOUR)).toBeLessThan(10_000);
    await second.close();
    clock.set(new Date(clock.now() + 23 * HOUR));

    await start([Work, Daily]);
    await clock.advance(MINUTE);
    expect(pollsOf('daily')).toBe(2);
  });

  // Cloacina T-9, Cloacina case 17
  it("keeps an operator's switch and interval over a deploy, until he takes them back", async () => {
    const first = await start([Work, Frequent]);
    await first.call('PATCH', '/frequent', { enabled: false, pollInterval: '20s', reason: 'maintenance' });
    await first.close();
    polled = [];

    const second = await start([Work, Frequent]);
    await clock.advance(2 * MINUTE);
    expect(pollsOf('frequent')).toBe(0);
    expect(await second.get('/frequent')).toMatchObject({
      enabled: false,
      state: 'disabled',
      pollInterval: '20s',
      overrides: { enabled: false, pollInterval: '20s' },
      options: { pollInterval: '10s' },
    });
    await second.call('PATCH', '/frequent', { enabled: null, pollInterval: null });
    await clock.advance(MINUTE);
    expect(pollsOf('frequent')).toBeGreaterThan(0);
    expect(await second.get('/frequent')).toMatchObject({ enabled: true, pollInterval: '10s', state: 'active' });
    const audit = (await second.get('/audit?target=frequent')).items;
    expect(audit.map(({ reason }: { reason: string | null }) => reason)).toContain('maintenance');
  });

  it('tries it out without writing anything', async () => {
    const app = await start([Work, Daily, Frequent]);
    await app.call('PATCH', '/daily', { enabled: false });
    const tables = ['firing', 'execution', 'task', 'dedup', 'tick', 'trigger'];
    const rows = async () => {
      const found = [];
      for (const table of tables) found.push(await database.query(`SELECT * FROM triggers_${table}`));
      return found;
    };
    const before = await rows();
    polled = [];

    const { status, body } = await app.call('POST', '/daily/test', {});
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'fired',
      cursor: { at: 1 },
      items: [{ status: 'accepted', dedupKey: expect.any(String) }],
    });
    expect(polled.filter(({ trigger }) => trigger === 'daily')).toEqual([{ trigger: 'daily', dryRun: true }]);
    expect(await rows()).toEqual(before);

    await app.triggers.setEnabled('daily', true);
    await app.triggers.fire('daily', { day: 1 }, { dedupKey: 'day-1', runAt: new Date(clock.now() + HOUR) });
    const again = await app.call('POST', '/daily/test', {});
    expect(again.body).toMatchObject({
      status: 'fired',
      items: [{ status: 'duplicate', firingId: expect.any(String) }],
    });
  });

  it('that no node declares any more is undeclared after ten minutes, keeps everything, and can be deleted', async () => {
    const first = await start([Work, Daily, Frequent]);
    await first.kit.poll('daily');
    await first.kit.drain();
    expect((await first.call('DELETE', '/daily')).status).toBe(409);
    await first.close();

    const second = await start([Work, Frequent]);
    expect((await second.call('DELETE', '/daily')).status).toBe(409);
    await clock.advance(11 * MINUTE);
    expect(await second.get('/daily')).toMatchObject({ state: 'undeclared', cursor: { at: 1 }, options: null });
    expect(await second.get('/frequent')).toMatchObject({ state: 'active' });
    expect((await second.get('/daily/executions')).items).toHaveLength(1);
    expect((await second.call('POST', '/daily/fire', {})).status).toBe(409);
    expect((await second.call('DELETE', '/daily')).status).toBe(204);
    expect((await second.call('GET', '/daily')).status).toBe(404);
    expect((await second.get('/executions')).items).toHaveLength(1);
  });
});
