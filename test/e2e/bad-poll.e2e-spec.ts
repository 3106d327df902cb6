import { Injectable } from '@nestjs/common';
import { OnTriggers, Trigger, TriggerResult } from 'nestjs-triggers';
import type { Poll, TriggerView } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { gate } from '../support/gate.js';
import { until } from '../support/until.js';
import { Work } from '../support/work.js';

const told: string[] = [];

let poll: (poll: Poll) => unknown = () => TriggerResult.skip();

@Injectable()
class Sources {
  @Trigger({
    workflow: Work,
    pollInterval: '10s',
    timeout: '2s',
    suspendAfter: 3,
    onError: (error: Error) => told.push(error.message),
  })
  source(given: Poll): TriggerResult {
    return poll(given) as TriggerResult;
  }

  @Trigger({ workflow: Work, pollInterval: '10s' })
  healthy() {
    return TriggerResult.skip('fine');
  }

  @OnTriggers('trigger.failing', 'trigger.recovered', 'trigger.suspended', 'trigger.stalled')
  listen(event: { name: string; trigger: string }): void {
    told.push(`${event.name} ${event.trigger}`);
  }
}

describe.each(DIALECTS)('a poll that goes wrong, on %s', (database) => {
  let app: TestApp;
  let clock: TestClock;

  beforeEach(async () => {
    told.length = 0;
    poll = () => TriggerResult.skip('nothing');
    clock = new TestClock();
    app = await boot({ database, clock, providers: [Work, Sources] });
  });
  afterEach(cleanUp);

  /** Lets time pass until the API shows that. */
  const passUntil = (matches: (trigger: TriggerView) => boolean, what: string): Promise<unknown> =>
    until(async () => {
      await clock.advance(1_000);
      return matches((await app.get('/source')) as TriggerView);
    }, what);

  it.each([
    ['nothing', undefined, /returned nothing, which is no TriggerResult/],
    ['null', null, /returned null/],
    ['true', true, /returned a boolean/],
    ['a plain object', { fire: true }, /returned an instance of Object/],
    ['a hole in fireMany', TriggerResult.fireMany([undefined as never]), /item 0 of fireMany returned nothing/],
    ['1,001 items', TriggerResult.fireMany(Array(1_001).fill({ context: {} })), /1001 items; at most 1000/],
    [
      '9 MiB',
      TriggerResult.fireMany(Array(9).fill({ context: { x: 'x'.repeat(1_040_000) } })),
      /bytes of contexts; at most 8388608/,
    ],
    ['a cursor of 65 KiB', TriggerResult.skip('x', { cursor: 'x'.repeat(66_000) }), /cursor.*65536/],
    ['a cursor that is no JSON', TriggerResult.skip('x', { cursor: { n: 1n } }), /cursor/],
  ])('is a failed poll with a clear message when it returns %s', async (_what, returned, says) => {
    poll = () => returned;
    expect(await app.kit.poll('source')).toMatchObject({ status: 'failed', error: expect.stringMatching(says) });
    const trigger = await app.get('/source');
    expect(trigger).toMatchObject({ lastError: expect.stringMatching(says), cursor: null, counts: { fires: 0 } });
    expect(trigger.lastError).toContain('Sources.source');
    expect((await app.get('/source/firings')).items).toEqual([]);
    expect((await app.get('/source/ticks?outcome=failed')).items[0].reason).toMatch(says);
    expect(told).toEqual([expect.stringMatching(says), 'trigger.failing source']);
  });

  // Cloacina T-6
  it('is polled less and less, then suspended, and goes on when an operator resumes it', async () => {
    let calls = 0;
    poll = () => {
      calls += 1;
      throw new Error('the share is gone');
    };
    await passUntil((trigger) => trigger.state === 'suspended', 'it is suspended');
    expect(calls).toBe(3);
    expect(await app.get('/source')).toMatchObject({
      consecutiveFailures: 3,
      lastError: 'the share is gone',
      nextPollAt: null,
    });
    await clock.advance(300_000);
    expect(calls).toBe(3);

    poll = () => TriggerResult.fire({ back: true });
    expect((await app.call('POST', '/source/resume', { reason: 'fixed' })).status).toBe(200);
    await passUntil((trigger) => trigger.counts.fires === 1, 'it fires again');
    expect(await app.get('/source')).toMatchObject({ state: 'active', consecutiveFailures: 0, lastError: null });
    expect(told).toEqual(expect.arrayContaining(['trigger.failing source', 'trigger.suspended source']));
  });

  // Cloacina T-6
  it('tells of its recovery', async () => {
    poll = () => Promise.reject(new Error('not yet'));
    await app.kit.poll('source');
    poll = () => TriggerResult.skip('fine');
    await app.kit.poll('source');
    expect(told).toEqual(['not yet', 'trigger.failing source', 'trigger.recovered source']);
    expect((await app.get('/source')).consecutiveFailures).toBe(0);
  });

  // Cloacina T-7
  it('that hangs is stalled: its signal aborts, it is not called again, and delays nobody else', async () => {
    let calls = 0;
    let aborted = false;
    const late = gate<TriggerResult>();
    poll = ({ signal }) => {
      calls += 1;
      signal.addEventListener('abort', () => (aborted = true));
      return late.opened;
    };
    await passUntil((trigger) => trigger.state === 'stalled', 'it is stalled');
    const healthy = (await app.get('/healthy')).counts.polls as number;
    expect(aborted).toBe(true);
    expect(calls).toBe(1);
    await until(async () => {
      await clock.advance(1_000);
      return (await app.get('/healthy')).counts.polls > healthy;
    }, 'the other trigger is polled');
    expect(calls).toBe(1);

    late.open(TriggerResult.fire({ late: true }));
    await passUntil((trigger) => trigger.state === 'failing', 'the poll counts as failed');
    expect(await app.get('/source')).toMatchObject({ lastError: expect.stringContaining('2s'), counts: { fires: 0 } });
    poll = () => TriggerResult.skip('fine');
    await passUntil((trigger) => trigger.state === 'active', 'it is polled again');
    expect((await app.get('/source/firings')).items).toEqual([]);
  });

  it('does not let an onError that throws make it worse', async () => {
    poll = () => {
      throw new Error('first');
    };
    const push = jest.spyOn(told, 'push').mockImplementationOnce(() => {
      throw new Error('the observer is broken');
    });
    await app.kit.poll('source');
    expect(push).toHaveBeenCalled();
    expect(await app.get('/source')).toMatchObject({ lastError: 'first', consecutiveFailures: 1 });
    push.mockRestore();
  });
});
