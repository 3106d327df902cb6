import { Injectable } from '@nestjs/common';
import { Trigger, TriggerResult } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';
import { Work } from '../support/work.js';

@Injectable()
class Sources {
  @Trigger({ workflow: Work, pollInterval: '1h', enabled: false, dedup: 'off' })
  source() {
    return TriggerResult.skip();
  }

  @Trigger({ workflow: Work, pollInterval: '1h', enabled: false, dedup: 'off' })
  other() {
    return TriggerResult.skip();
  }
}

describe.each(DIALECTS)('an Idempotency-Key, on %s', (database) => {
  let app: TestApp;
  let clock: TestClock;
  beforeEach(async () => {
    clock = new TestClock();
    app = await boot({ database, clock, providers: [Work, Sources] });
  });
  afterEach(cleanUp);

  describe.each(['/source/fire', '/workflows/work/run'])('at POST %s', (path) => {
    const send = (key: string, context: object, to = path) =>
      app.call('POST', to, { context }, { 'idempotency-key': key });

    it('gets the same answer for the same request, and starts one execution', async () => {
      const first = await send('key-1', { a: 1, b: 2 });
      expect(first).toMatchObject({ status: 202, body: { status: 'accepted' } });
      await app.kit.drain();
      for (const again of [await send('key-1', { a: 1, b: 2 }), await send('key-1', { b: 2, a: 1 })]) {
        expect(again.status).toBe(202);
        const { firingId, executionIds } = again.body;
        expect({ firingId, executionIds }).toEqual({
          firingId: first.body.firingId,
          executionIds: first.body.executionIds,
        });
      }
      expect((await app.get('/executions')).items).toHaveLength(1);
    });

    it('of requests at one instant lets one through', async () => {
      const answers = await Promise.all([...Array(20).keys()].map(() => send('key-1', { a: 1 })));
      expect(new Set(answers.map(({ body }) => body.firingId)).size).toBe(1);
      expect(answers.filter(({ body }) => body.status === 'accepted')).toHaveLength(1);
      expect(await app.kit.drain()).toMatchObject({ completed: 1 });
    });

    it('is refused with another context', async () => {
      await send('key-1', { a: 1 });
      const answer = await send('key-1', { a: 2 });
      expect(answer.body).toMatchObject({
        statusCode: 422,
        code: 'TRG_API_IDEMPOTENCY',
        details: { firingId: expect.any(String) },
      });
      expect(answer.status).toBe(422);
      expect((await app.get('/executions')).items).toHaveLength(1);
    });

    it('is forgotten after 24 hours', async () => {
      const first = await send('key-1', { a: 1 });
      clock.set(new Date(clock.now() + 86_399_000));
      expect((await send('key-1', { a: 1 })).body.firingId).toBe(first.body.firingId);
      clock.set(new Date(clock.now() + 2_000));
      const later = await send('key-1', { a: 2 });
      expect(later.body).toMatchObject({ status: 'accepted' });
      expect(later.body.firingId).not.toBe(first.body.firingId);
    });
  });

  it('belongs to one trigger', async () => {
    const send = (path: string) => app.call('POST', path, { context: { a: 1 } }, { 'idempotency-key': 'key-1' });
    const answers = [await send('/source/fire'), await send('/other/fire'), await send('/workflows/work/run')];
    expect(answers.map(({ body }) => body.status)).toEqual(['accepted', 'accepted', 'accepted']);
  });
});
