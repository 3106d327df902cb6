import { Injectable } from '@nestjs/common';
import { TriggerResult, WebhookTrigger, hmac } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { Storm, completed, expectEachOnce } from '../support/storm.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';
import { Work } from '../support/work.js';

const EVENTS = 64;
const verify = hmac({ header: SIGNATURE, secret: SECRET });
const dedupKey = ({ id }: { id: string }): string => id;

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'steady', verify, dedupKey, rateLimit: { limit: 4, per: '1s' } })
  steady(): void {}

  @WebhookTrigger({ workflow: 'work', path: 'rare', verify, dedupKey, rateLimit: { limit: 1, per: '1m' } })
  rare(): void {}

  @WebhookTrigger({
    workflow: 'work',
    path: 'several',
    verify,
    dedup: { while: 'running' },
    rateLimit: { limit: 3, per: '1m' },
  })
  several() {
    return TriggerResult.fireMany([{ context: { i: 0 } }, { context: { i: 1 } }]);
  }
}

describe.each(DIALECTS)('a webhook beyond its rate limit, on %s', (database) => {
  afterEach(cleanUp);

  it('is accepted when its sender comes again at the time it was told, and not before', async () => {
    const clock = new TestClock();
    const app = await boot({ database, providers: [Work, Webhooks], clock });
    const send = () => deliver(app, 'rare', { id: 'e2' });
    expect((await deliver(app, 'rare', { id: 'e1' })).body.status).toBe('accepted');
    const limited = await send();
    expect(limited.status).toBe(429);
    const seconds = Number(limited.headers.get('retry-after'));
    await clock.advance((seconds - 2) * 1_000);
    expect(await send()).toMatchObject({ status: 429 });
    await clock.advance(2_000);
    const accepted = await send();
    expect(accepted).toMatchObject({ status: 200, body: { status: 'accepted' } });
    expect(await send()).toMatchObject({
      status: 200,
      body: { status: 'duplicate', firingId: accepted.body.firingId },
    });
  });

  it('is taken whole or not at all: no item of a delivery starts twice because another one was limited', async () => {
    const clock = new TestClock();
    const app = await boot({ database, providers: [Work, Webhooks], clock });
    const send = (id: string) => deliver(app, 'several', { id });
    expect((await send('e1')).body.executionIds).toHaveLength(2);
    await app.ended(2);
    const limited = await send('e2');
    expect(limited.status).toBe(429);
    await clock.advance(Number(limited.headers.get('retry-after')) * 1_000);
    expect((await send('e2')).body).toMatchObject({
      status: 'accepted',
      executionIds: [expect.anything(), expect.anything()],
    });
    expect(await app.ended(4)).toHaveLength(4);
  });

  it('of a storm is accepted in the end, each event once, when every sender waits as it was told', async () => {
    const clock = new TestClock();
    const app = await boot({ database, providers: [Work, Webhooks], clock });
    let turn = Promise.resolve();
    const pause = (retryAfterMs: number): Promise<void> => (turn = turn.then(() => clock.advance(retryAfterMs)));
    const storm = new Storm({ urls: [app.url], path: 'steady', events: EVENTS, pause });
    await storm.over;
    expect(storm.refused.length).toBeGreaterThan(0);
    expect(new Set(storm.refused.map(({ status }) => status))).toEqual(new Set([429]));
    expect(storm.refused.filter(({ headers }) => !(Number(headers['retry-after']) >= 1))).toEqual([]);
    expectEachOnce([storm], await completed(app.database, 'steady', EVENTS));
  }, 60_000);
});
