import { Injectable } from '@nestjs/common';
import { ManualTrigger, Task, Workflow } from 'nestjs-triggers';
import type { Identity, TaskContext } from 'nestjs-triggers';
import { TestClock } from 'nestjs-triggers/testing';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';
import type { TestDatabase } from '../support/database.js';
import { gate } from '../support/gate.js';
import type { Gate } from '../support/gate.js';

/** Bodies that were told to wait do so until this is called. */
let report: Gate<void>;

@Workflow({ name: 'export' })
class Export {
  @Task({ retry: { attempts: 1 } })
  async write(context: TaskContext) {
    if (context.get('wait', false)) await report.opened;
    if (context.get('fail', false)) throw new Error('no paper');
  }
}

let called = 0;

@Injectable()
class Reports {
  @ManualTrigger({ workflow: Export, name: 'clicked', rateLimit: 'off' })
  clicked(): void {}

  @ManualTrigger({ workflow: Export, name: 'stamped' })
  stamped() {
    called += 1;
    return { call: called };
  }

  @ManualTrigger({ workflow: Export, name: 'limited' })
  limited(): void {}

  @ManualTrigger({ workflow: Export, name: 'alone', exclusive: true, rateLimit: 'off' })
  alone(): void {}
}

const admin = {
  guards: [{ canActivate: () => true }],
  identify: (request: unknown): Identity => ({
    id: (request as { headers: Record<string, string> }).headers['x-user'] ?? 'ann',
    roles: ['admin'],
  }),
};

describe.each(DIALECTS)('a manual trigger in many hands, on %s', (type) => {
  let database: TestDatabase;
  let clock: TestClock;
  let app: TestApp;
  beforeEach(async () => {
    report = gate();
    called = 0;
    clock = new TestClock();
    database = await newDatabase(type);
    app = await start();
  });
  afterEach(async () => {
    report.open();
    await cleanUp();
  });

  const start = () => boot({ database, clock, providers: [Export, Reports], admin });
  const fire = (name: string, context: object, headers: Record<string, string> = {}, on = app): Promise<Answer> =>
    on.call('POST', `/${name}/fire`, { context }, headers);
  const rows = async (table: string): Promise<number> => {
    const [row] = await database.query(`SELECT count(*) AS n FROM ${table}`);
    return Number(row?.['n']);
  };
  const verdicts = (answers: readonly Answer[]) => answers.map(({ body }) => body.status as unknown);
  const storm = (count: number, on: readonly TestApp[]) =>
    Promise.all(
      [...Array(count).keys()].map((n) => fire('alone', { n, wait: true }, {}, on[n % on.length] as TestApp)),
    );
  const pass = (ms: number) => clock.set(new Date(clock.now() + ms));

  describe('clicked twice', () => {
    it('fires once of two clicks at one instant, and answers both alike', async () => {
      const [a, b] = await Promise.all([fire('clicked', { a: 1, b: 2 }), fire('clicked', { b: 2, a: 1 })]);
      expect([a.status, b.status]).toEqual([202, 202]);
      expect(verdicts([a, b]).sort()).toEqual(['accepted', 'duplicate']);
      expect(b.body.firingId).toBe(a.body.firingId);
      expect(b.body.executionIds).toEqual(a.body.executionIds);
      expect([await rows('triggers_firing'), await rows('triggers_execution')]).toEqual([1, 1]);
    });

    it('is one click for 2 seconds, whatever the first has become', async () => {
      const first = await fire('clicked', { a: 1 });
      await app.kit.drain();
      pass(1_900);
      expect((await fire('clicked', { a: 1 })).body).toMatchObject({
        status: 'duplicate',
        firingId: first.body.firingId,
      });
      pass(200);
      expect((await fire('clicked', { a: 1 })).body.status).toBe('accepted');
    });

    it('tells users, inputs and triggers apart', async () => {
      const answers = [
        await fire('clicked', { a: 1 }),
        await fire('clicked', { a: 2 }),
        await fire('clicked', { a: 1 }, { 'x-user': 'bob' }),
        await fire('limited', { a: 1 }),
      ];
      expect(verdicts(answers)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
    });

    it('goes by what was sent, not by what the method makes of it', async () => {
      const answers = [await fire('stamped', { a: 1 }), await fire('stamped', { a: 1 })];
      expect(verdicts(answers)).toEqual(['accepted', 'duplicate']);
      expect(called).toBe(2);
    });

    it('is two requests with two Idempotency-Keys, and one with one', async () => {
      const keys = ['k1', 'k2', 'k1'];
      const answers: Answer[] = [];
      for (const key of keys) answers.push(await fire('clicked', { a: 1 }, { 'idempotency-key': key }));
      expect(verdicts(answers)).toEqual(['accepted', 'accepted', 'duplicate']);
      expect(answers[2]?.body.firingId).toBe(answers[0]?.body.firingId);
    });

    it('is no click where a program fires for nobody', async () => {
      const outcomes = [await app.triggers.fire('clicked', { a: 1 }), await app.triggers.fire('clicked', { a: 1 })];
      expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'accepted']);
      const by = { initiatedBy: 'ann' };
      const named = [
        await app.triggers.fire('clicked', { b: 1 }, by),
        await app.triggers.fire('clicked', { b: 1 }, by),
      ];
      expect(named.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
    });
  });

  describe('with an Idempotency-Key', () => {
    const send = (context: object, user = 'ann') =>
      fire('stamped', context, { 'idempotency-key': 'key-1', 'x-user': user });

    it('answers the repeat of a request, also where the method makes something else of it', async () => {
      const first = await send({ a: 1, b: 2 });
      await app.kit.drain();
      pass(3_600_000);
      const again = await send({ b: 2, a: 1 });
      expect({ status: again.status, body: again.body }).toEqual({
        status: 202,
        body: expect.objectContaining({
          status: 'duplicate',
          firingId: first.body.firingId,
          executionIds: first.body.executionIds,
        }),
      });
    });

    it('refuses another input under it, and knows users apart', async () => {
      await send({ a: 1 });
      const other = await send({ a: 2 });
      expect({ status: other.status, code: other.body.code }).toEqual({ status: 422, code: 'TRG_API_IDEMPOTENCY' });
      expect((await send({ a: 2 }, 'bob')).body.status).toBe('accepted');
      expect(await rows('triggers_firing')).toBe(2);
    });
  });

  describe('limited', () => {
    it('lets one user through 10 times a minute, then says when to come back', async () => {
      const answers: Answer[] = [];
      for (let n = 0; n < 11; n += 1) answers.push(await fire('limited', { n }));
      expect(answers.map(({ status }) => status)).toEqual([...Array<number>(10).fill(202), 429]);
      expect(answers[10]?.body).toMatchObject({ code: 'TRG_API_TOO_MANY_REQUESTS' });
      expect(answers[10]?.headers.get('retry-after')).toBe('6');
      expect((await fire('limited', { n: 11 }, { 'x-user': 'bob' })).status).toBe(202);
      pass(6_000);
      expect((await fire('limited', { n: 10 })).status).toBe(202);
    });

    it('spends nothing on a second click, and does not remember what it refused', async () => {
      for (let n = 0; n < 9; n += 1) await fire('limited', { n });
      for (let n = 0; n < 5; n += 1) expect((await fire('limited', { n: 8 })).body.status).toBe('duplicate');
      expect((await fire('limited', { n: 9 })).status).toBe(202);
      const key = { 'idempotency-key': 'later' };
      expect((await fire('limited', { n: 10 }, key)).status).toBe(429);
      pass(6_000);
      expect((await fire('limited', { n: 10 }, key)).body.status).toBe('accepted');
    });

    it('limits nobody where a program fires', async () => {
      for (let n = 0; n < 12; n += 1) await app.triggers.fire('limited', { n });
      expect(await rows('triggers_execution')).toBe(12);
      const by = { initiatedBy: 'ann' };
      const outcomes = [];
      for (let n = 0; n < 11; n += 1) outcomes.push(await app.triggers.fire('limited', { n }, by));
      expect(outcomes.at(-1)).toMatchObject({ status: 'limited', delayedMs: 6_000 });
    });
  });

  it('counts whoever a program names, whatever stands in the name', async () => {
    const by = { initiatedBy: `a\u0000nn${'n'.repeat(3_000)}` };
    const outcomes = [
      await app.triggers.fire('limited', { n: 1 }, by),
      await app.triggers.fire('limited', { n: 1 }, by),
    ];
    expect(outcomes.map(({ status }) => status)).toEqual(['accepted', 'duplicate']);
  });

  describe('exclusive', () => {
    it('starts one execution of 20 fires at one instant; the others are told which', async () => {
      const answers = await storm(20, [app]);
      const won = answers.filter(({ status }) => status === 202);
      const lost = answers.filter(({ status }) => status === 409);
      expect([won.length, lost.length]).toEqual([1, 19]);
      const { firingId, executionIds } = won[0]?.body as { firingId: string; executionIds: string[] };
      for (const { body } of lost) {
        expect(body).toMatchObject({ code: 'TRG_API_CONFLICT', details: { firingId, executionIds } });
        expect(body.message).toContain(executionIds[0]);
      }
      expect(await rows('triggers_execution')).toBe(1);
      report.open();
      await app.kit.drain();
      expect((await fire('alone', { n: 0, more: 1 })).status).toBe(202);
    });

    it('may start again as soon as an execution has failed', async () => {
      const { body } = await fire('alone', { fail: true });
      expect((await app.kit.result(body.executionIds[0])).state).toBe('failed');
      expect((await fire('alone', { n: 1 })).status).toBe(202);
    });

    it('answers a second click as one, and refuses another one', async () => {
      const first = await fire('alone', { wait: true });
      expect((await fire('alone', { wait: true })).body).toMatchObject({
        status: 'duplicate',
        firingId: first.body.firingId,
      });
      expect((await fire('alone', { wait: true, other: 1 })).status).toBe(409);
      expect((await fire('alone', { wait: true }, { 'x-user': 'bob' })).status).toBe(409);
    });

    it('cannot be got round by a key or by a program', async () => {
      await fire('alone', { wait: true });
      const answer = await app.call('POST', '/alone/fire', { context: { n: 1 }, dedupKey: 'mine' });
      expect(answer.status).toBe(409);
      await expect(app.triggers.fire('alone', { n: 2 })).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
      const preview = await app.call('POST', '/alone/test', { context: { n: 3 } });
      expect(preview.body).toMatchObject({ items: [{ status: 'duplicate' }] });
    });
  });

  it('is one trigger on two nodes, for clicks, limits and exclusive ones', async () => {
    const other = await start();
    const clicks = await Promise.all([fire('clicked', { a: 1 }), fire('clicked', { a: 1 }, {}, other)]);
    expect(verdicts(clicks).sort()).toEqual(['accepted', 'duplicate']);

    const many = [...Array(14).keys()].map((n) => fire('limited', { n }, {}, n % 2 === 0 ? app : other));
    const statuses = (await Promise.all(many)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(10);

    const answers = await storm(20, [app, other]);
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });
});
