import { Injectable } from '@nestjs/common';
import { TriggerResult, WebhookTrigger, hmac } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { SECRET, SIGNATURE, deliver } from '../support/webhooks.js';
import { Work } from '../support/work.js';

/** Equal bytes are one event for five minutes. */
const LATER_MS = 300_001;
const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Webhooks {
  static broken = false;

  @WebhookTrigger({ workflow: 'work', path: 'hashed', verify })
  hashed(): void {
    if (Webhooks.broken) throw new Error('broken');
  }

  @WebhookTrigger({ workflow: 'work', path: 'several', verify })
  several() {
    this.hashed();
    return TriggerResult.fireMany([{ context: { i: 0 } }, { context: { i: 1 } }]);
  }

  @WebhookTrigger({ workflow: 'work', path: 'off', verify, dedup: 'off' })
  off(): void {
    this.hashed();
  }

  @WebhookTrigger({ workflow: 'work', path: 'running', verify, dedup: { while: 'running' } })
  running(): void {
    this.hashed();
  }
}

// What tells two events apart where nobody signed an id: dead letters and replays follow it as deliveries do.
describe.each(DIALECTS)('events of equal bytes, on %s', (database) => {
  let clock: TestClock;
  let app: TestApp;
  const send = async (path: string): Promise<Record<string, unknown>> =>
    (await deliver(app, path, { event: 'refresh' })).body as Record<string, unknown>;
  const broken = async (path: string): Promise<Record<string, unknown>> => {
    Webhooks.broken = true;
    try {
      return await send(path);
    } finally {
      Webhooks.broken = false;
    }
  };
  const replay = async (what: 'dead-letters' | 'executions', id: unknown): Promise<Answer> =>
    app.call('POST', `/${what}/${String(id)}/replay`, {});
  const open = async (): Promise<unknown[]> =>
    ((await app.get('/dead-letters')).items as { id: string }[]).map(({ id }) => id);

  beforeEach(async () => {
    clock = new TestClock();
    app = await boot({ database, providers: [Work, Webhooks], clock });
  });
  afterEach(cleanUp);

  it.each(['hashed', 'running'])('are one dead letter for five minutes, and then another one (%s)', async (path) => {
    const first = await broken(path);
    expect(first['status']).toBe('kept');
    expect((await broken(path))['firingId']).toBe(first['firingId']);
    await clock.advance(LATER_MS);
    const second = await broken(path);
    expect(second).toMatchObject({ status: 'kept' });
    expect(second['firingId']).not.toBe(first['firingId']);
    expect(await open()).toHaveLength(2);
  });

  it('are a dead letter each where dedup is off, and none answers another', async () => {
    const ids = [await broken('off'), await broken('off')].map(({ firingId }) => firingId);
    expect(new Set(ids).size).toBe(2);
    expect((await send('off'))['status']).toBe('accepted');
    for (const id of ids) expect((await replay('dead-letters', id)).body['status']).toBe('accepted');
    expect(await open()).toEqual([]);
    await app.ended(3);
  });

  it.each(['hashed', 'several'])('of later answer no dead letter (%s)', async (path) => {
    const { firingId: id } = await broken(path);
    await clock.advance(LATER_MS);
    expect((await send(path))['status']).toBe('accepted');
    expect(await open()).toEqual([id]);
    expect((await replay('dead-letters', id)).body['status']).toBe('accepted');
    expect((await replay('dead-letters', id)).body['status']).toBe('duplicate');
  });

  it('are each replayed of two dead letters of one key', async () => {
    const ids = [(await broken('hashed'))['firingId']];
    await clock.advance(LATER_MS);
    ids.push((await broken('hashed'))['firingId']);
    for (const id of ids) expect((await replay('dead-letters', id)).body['status']).toBe('accepted');
    await app.ended(2);
  });

  it.each(['hashed', 'several'])('are accepted five minutes after the replay of a dead letter (%s)', async (path) => {
    const { firingId: id } = await broken(path);
    await clock.advance(60_000);
    expect((await replay('dead-letters', id)).body['status']).toBe('accepted');
    expect((await send(path))['status']).toBe('duplicate');
    await clock.advance(240_001);
    expect((await send(path))['status']).toBe('accepted');
  });

  it('are accepted at once after the replay of an execution that is older', async () => {
    const { executionIds } = await send('hashed');
    await app.ended(1);
    await clock.advance(LATER_MS);
    expect((await replay('executions', (executionIds as string[])[0])).status).toBeLessThan(300);
    await app.ended(2);
    expect((await send('hashed'))['status']).toBe('accepted');
  });
});
