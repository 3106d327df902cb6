import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';
import { boot, cleanUp } from '../../../../../../test/support/app.js';
import type { Answer, TestApp } from '../../../../../../test/support/app.js';
import { gate } from '../../../../../../test/support/gate.js';
import { until } from '../../../../../../test/support/until.js';
import { SECRET, SIGNATURE, deliver } from '../../../../../../test/support/webhooks.js';
import { TriggerResult } from '../../../model/trigger-result.js';
import { Store } from '../../../store/store.service.js';
import { TestClock } from '../../../testing/test-clock.js';
import { Task } from '../../../workflows/task.decorator.js';
import { Workflow } from '../../../workflows/workflow.decorator.js';
import { hmac } from '../verify/hmac.verifier.js';
import { WebhookTrigger } from '../webhook-trigger.decorator.js';

/** As it is promised to senders: two seconds. */
const DEADLINE_MS = 2_000;

@Workflow({ name: 'work' })
class Work {
  @Task()
  run(): void {}
}

const verify = hmac({ header: SIGNATURE, secret: SECRET });

@Injectable()
class Webhooks {
  @WebhookTrigger({ workflow: 'work', path: 'one', verify })
  one(): void {}

  @WebhookTrigger({ workflow: 'work', path: 'several', verify })
  several() {
    return TriggerResult.fireMany([{ context: { i: 0 } }, { context: { i: 1 } }]);
  }

  @WebhookTrigger({ workflow: 'work', path: 'broken', verify })
  broken(): void {
    throw new Error('broken');
  }

  @WebhookTrigger({ workflow: 'work', path: 'unwanted', verify })
  unwanted() {
    return TriggerResult.skip('not today');
  }
}

type Where = 'before it has begun' | 'when it is done';

/** Keeps every commit from coming back, until it is let go. */
function holdCommits({ dialect }: Store, where: Where) {
  const [reached, held] = [gate(), gate()];
  const transaction = dialect.transaction.bind(dialect);
  const hang = (): Promise<void> => {
    reached.open();
    return held.opened;
  };
  dialect.transaction = async (work) => {
    if (where === 'before it has begun') await hang();
    const outcome = await transaction(work);
    if (where === 'when it is done') await hang();
    return outcome;
  };
  const letGo = (): void => {
    dialect.transaction = transaction;
    held.open();
  };
  return { reached: reached.opened, letGo };
}

/** A delivery on its way, and its answer as the server has it: no network stands between a test and the moment of the answer. */
async function send(
  app: TestApp,
  path: string,
  n = 1,
): Promise<{ readonly answer: Promise<Answer>; readonly isAnswered: () => boolean }> {
  const arrives = once(app.nest.getHttpServer() as Server, 'request');
  const answer = deliver(app, path, { n });
  const [, response] = (await arrives) as [unknown, ServerResponse];
  return { answer, isAnswered: () => response.writableEnded };
}

const HOLDS: readonly Where[] = ['before it has begun', 'when it is done'];

describe.each([
  ['sqlite', 'express'],
  ['postgres', 'fastify'],
] as const)('a delivery whose commit hangs, on %s and %s', (database, platform) => {
  let clock: TestClock;
  let app: TestApp;
  let letGo: () => void;
  beforeEach(async () => {
    letGo = () => undefined;
    clock = new TestClock();
    app = await boot({ database, platform, clock, providers: [Work, Webhooks] });
  });
  afterEach(async () => {
    letGo();
    await cleanUp();
  });

  const hold = (where: Where) => {
    const commits = holdCommits(app.kit.get(Store), where);
    ({ letGo } = commits);
    return commits;
  };
  const rowsOf = async (path: string): Promise<{ id: string }[]> => (await app.get(`/${path}/firings`)).items;

  describe.each(HOLDS)('%s', (where) => {
    it.each(['one', 'several', 'broken', 'unwanted'])(
      'is answered 503 after two seconds, and not a moment earlier (%s)',
      async (path) => {
        const commits = hold(where);
        const { answer, isAnswered } = await send(app, path);
        await commits.reached;
        await clock.advance(DEADLINE_MS - 1);
        expect(isAnswered()).toBe(false);
        await clock.advance(1);
        expect(isAnswered()).toBe(true);
        const refused = await answer;
        expect(refused).toMatchObject({ status: 503, body: { code: 'TRG_STORE_UNAVAILABLE' } });
        expect(refused.headers.get('retry-after')).toBe('2');
      },
    );

    it.each([
      ['one', 'duplicate', 1],
      ['several', 'duplicate', 2],
      ['broken', 'kept', 0],
    ])('was accepted when it comes back later, and is a repeat then (%s)', async (path, status, executions) => {
      const commits = hold(where);
      const { answer, isAnswered } = await send(app, path);
      await commits.reached;
      await clock.advance(DEADLINE_MS);
      expect(isAnswered()).toBe(true);
      expect((await answer).status).toBe(503);
      commits.letGo();
      const rows = await until(async () => {
        const found = await rowsOf(path);
        return found.length > 0 && found;
      }, 'the late commit is there');
      const { body } = await deliver(app, path, { n: 1 });
      expect(body).toMatchObject({ status });
      expect(rows.map(({ id }) => id)).toContain(body.firingId);
      expect(await rowsOf(path)).toHaveLength(rows.length);
      expect(await app.ended(executions)).toHaveLength(executions);
      expect(await app.kit.check()).toEqual([]);
    });

    it('is answered by what became of it where it comes back a moment before', async () => {
      const commits = hold(where);
      const { answer } = await send(app, 'one');
      await commits.reached;
      await clock.advance(DEADLINE_MS - 1);
      commits.letGo();
      expect(await answer).toMatchObject({ status: 200, body: { status: 'accepted' } });
    });
  });

  it('lets none wait longer that has come meanwhile: each has two seconds of its own, and leaves nothing behind', async () => {
    const commits = hold('when it is done');
    const first = await send(app, 'one', 1);
    await commits.reached;
    await clock.advance(500);
    const second = await send(app, 'one', 2);
    await until(() => app.kit.get(Store).commits.waiting === 1, 'it waits for its commit');
    await clock.advance(DEADLINE_MS - 500);
    expect([first.isAnswered(), second.isAnswered()]).toEqual([true, false]);
    await clock.advance(499);
    expect(second.isAnswered()).toBe(false);
    await clock.advance(1);
    expect(second.isAnswered()).toBe(true);
    expect((await second.answer).status).toBe(503);
    commits.letGo();
    expect((await deliver(app, 'one', { n: 2 })).body.status).toBe('accepted');
    expect((await deliver(app, 'one', { n: 1 })).body.status).toBe('duplicate');
    expect(await rowsOf('one')).toHaveLength(2);
  });
});
