import { Injectable, NotFoundException } from '@nestjs/common';
import { IsInt, IsString, Max } from 'class-validator';
import {
  DeadLettersService,
  ManualTrigger,
  Task,
  Trigger,
  TriggerResult,
  TriggersService,
  Workflow,
} from 'nestjs-triggers';
import type { Identity, ManualRequest, TaskContext } from 'nestjs-triggers';
import { boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS, newDatabase } from '../support/database.js';

class PayOut {
  @IsString()
  to!: string;

  @IsInt()
  @Max(100)
  cents!: number;
}

/** What tasks saw, and what the methods and the permission were asked. */
const paid: object[] = [];
const methods: ManualRequest[] = [];
const permissions: ManualRequest[] = [];
let bankIsClosed = false;

@Workflow({ name: 'pay' })
class Pay {
  @Task({ retry: { attempts: 1 } })
  pay(context: TaskContext): void {
    if (bankIsClosed) throw new Error('the bank is closed');
    paid.push({ ...context.data });
  }
}

@Workflow({ name: 'echoed' })
class Echoed {
  constructor(private readonly triggers: TriggersService) {}

  /** Fires its own trigger, until the guard against loops ends it. */
  @Task({ retry: { attempts: 1 } })
  async again(context: TaskContext): Promise<void> {
    if (bankIsClosed) await this.triggers.fire('echo', { to: context.get('recipient'), cents: 1 });
    else paid.push({ ...context.data });
  }
}

@Injectable()
class Payments {
  @ManualTrigger({
    workflow: Pay,
    name: 'pay_out',
    input: PayOut,
    doubleClick: 'off',
    permission: ({ id }, request) => {
      permissions.push(request);
      return request.input['to'] !== id;
    },
  })
  payOut(request: ManualRequest<PayOut>) {
    methods.push({ ...request, input: { ...request.input } });
    const { to, cents } = request.input;
    if (to === 'nobody') return TriggerResult.skip('nobody is paid');
    if (to === 'missing') throw new NotFoundException('no such account');
    return { recipient: to, cents };
  }

  @ManualTrigger({ workflow: Echoed, name: 'echo', input: PayOut, doubleClick: 'off' })
  echo({ input }: ManualRequest<PayOut>) {
    return { recipient: input.to };
  }
}

@Injectable()
class Found {
  @Trigger({ workflow: Pay, name: 'found', pollInterval: '1h' })
  found() {
    return TriggerResult.fire({ recipient: 'finder' });
  }
}

const admin = {
  guards: [{ canActivate: () => true }],
  identify: (request: unknown): Identity => ({
    id: (request as { headers: Record<string, string> }).headers['x-user'] ?? 'ann',
    roles: ['admin'],
  }),
};

describe.each(DIALECTS)('a fire by hand that is replayed, on %s', (database) => {
  let app: TestApp;
  beforeEach(async () => {
    for (const seen of [paid, methods, permissions]) seen.length = 0;
    bankIsClosed = false;
    app = await boot({ database, providers: [Pay, Echoed, Payments], admin });
  });
  afterEach(cleanUp);

  const post = (path: string, body: object = {}, user = 'ann'): Promise<Answer> =>
    app.call('POST', path, body, { 'x-user': user });
  /** Ann has paid out to Bob, and that has failed. @returns the id of the execution */
  const fail = async (input: object = { to: 'bob', cents: 9 }): Promise<string> => {
    bankIsClosed = true;
    const { body } = await post('/pay_out/fire', { context: input, reason: 'the invoice' });
    await app.kit.drain();
    bankIsClosed = false;
    for (const seen of [methods, permissions]) seen.length = 0;
    return String(body.executionIds[0]);
  };
  const again = (id: string) => ({
    letter: `/dead-letters/${id}/replay`,
    execution: `/executions/${id}/replay`,
    retry: `/executions/${id}/retry`,
  });

  it('asks the permission with what was sent, not with what the method made of it, and with the reason', async () => {
    const id = await fail();
    for (const path of Object.values(again(id))) {
      expect((await post(path, { reason: 'it is late' }, 'bob')).status).toBe(403);
    }
    expect(permissions).toEqual(
      Array(3).fill({
        trigger: 'pay_out',
        input: { to: 'bob', cents: 9 },
        initiatedBy: 'bob',
        reason: 'it is late',
        dryRun: false,
      }),
    );
    const bulk = await post('/dead-letters/replay', { trigger: 'pay_out', reason: 'all of them' }, 'bob');
    expect(bulk.body).toMatchObject({ replayed: 0, results: [{ id, code: 'TRG_API_FORBIDDEN' }] });
    expect(permissions.at(-1)).toMatchObject({ input: { to: 'bob' }, reason: 'all of them' });
    await app.kit.drain();
    expect(paid).toEqual([]);
  });

  it('fires what was stored where nothing is edited, and does not call the method again', async () => {
    const id = await fail();
    expect((await post(again(id).letter)).body).toMatchObject({ status: 'accepted' });
    await app.kit.drain();
    expect([paid, methods]).toEqual([[{ recipient: 'bob', cents: 9 }], []]);
  });

  it('still asks with what was sent when a replay is replayed', async () => {
    const first = (await post(again(await fail()).execution)).body;
    await app.kit.drain();
    const replayed = String(first.executionIds[0]);
    expect((await post(again(replayed).execution, {}, 'bob')).status).toBe(403);
    const edited = (await post(again(replayed).execution, { context: { to: 'eve', cents: 2 } })).body;
    await app.kit.drain();
    expect((await post(again(String(edited.executionIds[0])).execution, {}, 'eve')).status).toBe(403);
  });

  it.each([
    ['letter', 'payload'],
    ['execution', 'context'],
  ] as const)('takes an edited %s for an input: permission, input and method judge it', async (which, field) => {
    const path = again(await fail())[which];
    const edit = (input: unknown, user = 'ann', reason = 'a typo') => post(path, { [field]: input, reason }, user);
    expect((await edit({ to: 'bob', cents: 1 }, 'bob')).status).toBe(403);
    const tooMuch = await edit({ to: 'eve', cents: 101 });
    expect([tooMuch.status, tooMuch.body.details?.fields]).toEqual([422, [expect.stringMatching(/^cents: /)]]);
    expect((await edit({ recipient: 'eve', cents: 1_000_000 })).status).toBe(422);
    expect(methods).toEqual([]);
    const missing = await edit({ to: 'missing', cents: 1 });
    expect([missing.status, missing.body.message]).toEqual([404, 'no such account']);
    expect((await edit({ to: 'nobody', cents: 1 })).body).toMatchObject({
      status: 'filtered',
      reason: 'nobody is paid',
      executionIds: [],
    });
    expect((await edit({ to: 'eve', cents: 99 })).body).toMatchObject({ status: 'accepted' });
    expect(methods.at(-1)).toMatchObject({ input: { to: 'eve' }, initiatedBy: 'ann', reason: 'a typo', dryRun: false });
    await app.kit.drain();
    expect(paid).toEqual([{ recipient: 'eve', cents: 99 }]);
  });

  it('refuses an edited payload that is no input at all', async () => {
    const id = await fail();
    for (const payload of [null, 5, 'x', [1]]) {
      expect(await post(again(id).letter, { payload })).toMatchObject({ status: 400 });
    }
    expect(methods).toEqual([]);
  });

  it('shows what was sent to those who may see payloads', async () => {
    const id = await fail();
    const letter = await app.get(`/dead-letters/${id}`);
    expect(letter).toMatchObject({ input: { recipient: 'bob', cents: 9 } });
    expect(JSON.parse(letter.payload)).toEqual({ to: 'bob', cents: 9 });
    expect(JSON.parse((await app.get(`/executions/${id}`)).payload)).toEqual({ to: 'bob', cents: 9 });
  });

  it('lets programs edit it as well, without asking the permission', async () => {
    const id = await fail();
    const letters = app.nest.get(DeadLettersService);
    await expect(letters.replay(id, { payload: { to: 'eve', cents: 101 } })).rejects.toMatchObject({
      code: 'TRG_CONTEXT_SCHEMA',
    });
    await letters.replay(id, { payload: { to: 'eve', cents: 3 }, initiatedBy: 'mending', reason: 'by hand' });
    expect(methods).toMatchObject([{ initiatedBy: 'mending', reason: 'by hand' }]);
    expect(permissions).toEqual([]);
    await app.kit.drain();
    expect(paid).toEqual([{ recipient: 'eve', cents: 3 }]);
  });

  it('goes through the method again where it never started, as everything that comes anew', async () => {
    bankIsClosed = true;
    await post('/echo/fire', { context: { to: 'bob', cents: 1 } });
    await app.kit.drain();
    bankIsClosed = false;
    const [letter] = (await app.get('/dead-letters?kind=firing')).items;
    expect(letter).toMatchObject({ reason: 'loop', context: { recipient: 'bob' } });
    expect(JSON.parse(letter.payload)).toEqual({ to: 'bob', cents: 1 });
    expect((await post(`/dead-letters/${String(letter.id)}/replay`, { payload: { to: 'eve' } })).status).toBe(422);
    const { body } = await post(`/dead-letters/${String(letter.id)}/replay`, { payload: { to: 'eve', cents: 4 } });
    expect(body.status).toBe('accepted');
    await app.kit.drain();
    expect(paid).toEqual([{ recipient: 'eve' }]);
    expect(JSON.parse((await app.get(`/executions/${String(body.executionIds[0])}`)).payload)).toEqual({
      to: 'eve',
      cents: 4,
    });
  });

  it('is done again by nobody where its trigger is not declared: who may is not known there', async () => {
    const shared = await newDatabase(database);
    app = await boot({ database: shared, providers: [Pay, Echoed, Payments, Found], admin });
    const byHand = await fail();
    bankIsClosed = true;
    await app.kit.poll('found');
    await app.kit.drain();
    bankIsClosed = false;
    const [byPoll] = (await app.get('/found/executions')).items;
    await app.close();
    app = await boot({ database: shared, providers: [Pay], admin });
    for (const path of Object.values(again(byHand))) {
      expect(await post(path)).toMatchObject({
        status: 409,
        body: { code: 'TRG_API_CONFLICT', message: expect.stringContaining('"pay_out"') as unknown },
      });
    }
    await app.kit.drain();
    expect(paid).toEqual([]);
    // What was not fired by hand needs no more than the role.
    expect((await post(again(byPoll.id).retry)).status).toBe(200);
    await app.kit.drain();
    expect(paid).toEqual([{ recipient: 'finder' }]);
  });
});
