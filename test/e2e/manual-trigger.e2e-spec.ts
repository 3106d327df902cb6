import { ForbiddenException, Injectable, NotFoundException } from '@nestjs/common';
import { IsInt, IsOptional, Matches, Min } from 'class-validator';
import { ManualTrigger, Task, TriggerResult, Workflow } from 'nestjs-triggers';
import type { Identity, ManualRequest, TaskContext } from 'nestjs-triggers';
import { z } from 'zod';
import { PLATFORMS, boot, cleanUp } from '../support/app.js';
import type { Answer, TestApp } from '../support/app.js';
import { DIALECTS } from '../support/database.js';

class ExportMonth {
  @Matches(/^\d{4}-\d\d$/)
  month!: string;

  @IsOptional()
  @IsInt()
  @Min(1)
  copies?: number;
}

const Recipient = z.object({ to: z.string().min(3) });

@Workflow({ name: 'export', input: z.object({ month: z.string(), pages: z.int().max(100).optional() }) })
class Export {
  @Task()
  write(context: TaskContext<{ month: string }>) {
    return { file: `${context.data.month}.csv` };
  }
}

@Workflow({ name: 'mail' })
class Mail {
  @Task()
  send(_context: TaskContext<{ to: string }>): void {}
}

/** What the methods were asked. */
const asked: ManualRequest[] = [];

@Injectable()
class Reports {
  @ManualTrigger({ workflow: Export, name: 'monthly', input: ExportMonth })
  monthly(request: ManualRequest<ExportMonth>) {
    asked.push({ ...request, input: { ...request.input } });
    const { month, copies = 1 } = request.input;
    if (month === '1999-01') return TriggerResult.skip('nothing was sold then');
    if (month === '1999-02') throw new NotFoundException('no such month');
    if (month === '1999-03') throw new Error('the password is hunter2');
    return { month, pages: copies * 10 };
  }

  @ManualTrigger({ workflow: Export, name: 'as_it_came', input: ExportMonth, dedup: { for: '7d' } })
  asItCame(): void {}

  @ManualTrigger({ workflow: Mail, name: 'mail', input: Recipient, filter: ({ to }) => to !== 'nobody' })
  mail(): void {}

  @ManualTrigger({ workflow: Mail, name: 'everybody' })
  everybody() {
    return { to: 'everybody' };
  }

  @ManualTrigger({ workflow: 'mail', name: 'for_admins', permission: 'admin' })
  forAdmins(): void {}

  @ManualTrigger({ workflow: 'mail', name: 'for_holders', permission: 'mail:send' })
  forHolders(): void {}

  // As JavaScript lets it: a function that answers something else than it should.
  @ManualTrigger({ workflow: 'mail', name: 'nearly', permission: () => 'yes' as unknown as boolean })
  nearly(): void {}

  @ManualTrigger({
    workflow: 'mail',
    name: 'decided',
    permission: async ({ id }, { input, reason }) => {
      if (reason === 'let me in') throw new ForbiddenException('not like that');
      return input['to'] === id;
    },
  })
  decided(): void {}
}

const USERS: Readonly<Record<string, Identity>> = {
  ann: { id: 'ann', roles: ['operator'] },
  bob: { id: 'bob', roles: ['operator'], permissions: ['mail:send'] },
  eve: { id: 'eve', roles: ['viewer'], permissions: ['mail:send'] },
  root: { id: 'root', roles: ['admin'] },
};
const admin = {
  guards: [{ canActivate: () => true }],
  identify: (request: unknown) =>
    USERS[(request as { headers: Record<string, string> }).headers['x-user'] ?? ''] ?? null,
};

const VARIANTS = DIALECTS.flatMap((database) => PLATFORMS.map((platform) => ({ database, platform })));

describe.each(VARIANTS)('a manual trigger, on $database and $platform', ({ database, platform }) => {
  let app: TestApp;
  beforeEach(async () => {
    asked.length = 0;
    app = await boot({ database, platform, providers: [Export, Mail, Reports], admin });
  });
  afterEach(cleanUp);

  const post = (path: string, body: object, user = 'ann'): Promise<Answer> =>
    app.call('POST', path, body, { 'x-user': user });
  const read = async (path: string, user = 'root') => (await app.call('GET', path, undefined, { 'x-user': user })).body;
  const stored = async (): Promise<unknown[]> =>
    Promise.all(
      ['triggers_firing', 'triggers_execution', 'triggers_task', 'triggers_dedup'].map(async (table) => {
        const [row] = await app.database.query(`SELECT count(*) AS n FROM ${table}`);
        return Number(row?.['n']);
      }),
    );

  it('makes a context of what was sent, and starts the workflow with it', async () => {
    const { status, body } = await post('/monthly/fire', {
      context: { month: '2026-11', copies: 2 },
      reason: 'the auditors ask',
    });
    expect({ status, verdict: body.status }).toEqual({ status: 202, verdict: 'accepted' });
    expect(asked).toEqual([
      {
        trigger: 'monthly',
        input: { month: '2026-11', copies: 2 },
        initiatedBy: 'ann',
        reason: 'the auditors ask',
        dryRun: false,
      },
    ]);
    expect(await app.kit.result(body.executionIds[0])).toMatchObject({
      state: 'completed',
      initiatedBy: 'ann',
      input: { month: '2026-11', pages: 20 },
      result: { file: '2026-11.csv' },
    });
    expect((await read('/monthly/firings')).items).toMatchObject([
      { id: body.firingId, kind: 'manual', state: 'accepted', initiatedBy: 'ann', context: { pages: 20 } },
    ]);
  });

  it('leaves an audit row of every fire: who, what, when, from where, why', async () => {
    const { body } = await post('/monthly/fire', { context: { month: '2026-11' }, reason: 'the auditors ask' });
    const { items } = await read('/audit?action=trigger.fire');
    expect(items).toEqual([
      expect.objectContaining({
        actor: 'ann',
        target: 'monthly',
        reason: 'the auditors ask',
        address: expect.stringContaining('127.0.0.1'),
        at: expect.stringMatching(/^\d{4}-/),
        details: expect.objectContaining({ status: 'accepted', firingId: body.firingId }),
      }),
    ]);
  });

  it('fires what was sent where the method returns nothing', async () => {
    const { body } = await post('/as_it_came/fire', { context: { month: '2026-11', copies: 3 } });
    expect(await app.kit.result(body.executionIds[0])).toMatchObject({ input: { month: '2026-11', copies: 3 } });
    const again = await post('/as_it_came/fire', { context: { copies: 3, month: '2026-11' } }, 'bob');
    expect(again.body).toMatchObject({ status: 'duplicate', firingId: body.firingId });
  });

  it('answers 422 with the fields when the input does not fit, before the method is called', async () => {
    const { status, body } = await post('/monthly/fire', { context: { month: 'May', copies: 0 } });
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'TRG_CONTEXT_SCHEMA' });
    expect(body.details.fields).toEqual([
      expect.stringMatching(/^month: /),
      expect.stringMatching(/^copies: .*not be less than 1/),
    ]);
    expect((await post('/mail/fire', {})).body.details.fields).toEqual([expect.stringMatching(/^to: /)]);
    expect(asked).toEqual([]);
    expect(await stored()).toEqual([0, 0, 0, 0]);
  });

  it('answers 422 when what the method made of it is not what the workflow takes', async () => {
    const { status, body } = await post('/monthly/fire', { context: { month: '2026-11', copies: 11 } });
    expect({ status, fields: body.details.fields }).toEqual({
      status: 422,
      fields: [expect.stringMatching(/^pages: /)],
    });
    expect(await stored()).toEqual([0, 0, 0, 0]);
  });

  it('refuses an input that no context may be', async () => {
    const { status, body } = await post('/monthly/fire', { context: { $month: 1 } });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'TRG_CONTEXT_RESERVED_KEY' });
  });

  it('stores nothing when the method skips, and says why', async () => {
    const { status, body } = await post('/monthly/fire', { context: { month: '1999-01' } });
    expect({ status, body }).toEqual({
      status: 202,
      body: { status: 'skipped', firingId: null, executionIds: [], dedupKey: null, reason: 'nothing was sold then' },
    });
    expect(await stored()).toEqual([0, 0, 0, 0]);
    expect((await read('/audit?action=trigger.fire')).items).toMatchObject([{ details: { status: 'skipped' } }]);
  });

  it('answers what the method throws, and shows nothing of what it did not mean to show', async () => {
    const missing = await post('/monthly/fire', { context: { month: '1999-02' } });
    expect([missing.status, missing.body.message]).toEqual([404, 'no such month']);
    const broken = await post('/monthly/fire', { context: { month: '1999-03' } });
    expect(broken.status).toBe(500);
    expect(JSON.stringify(broken.body)).not.toContain('hunter2');
    expect(await stored()).toEqual([0, 0, 0, 0]);
  });

  it('keeps the record of what its filter refuses', async () => {
    const { body } = await post('/mail/fire', { context: { to: 'nobody' } });
    expect(body).toMatchObject({ status: 'filtered', executionIds: [] });
  });

  describe('with a permission', () => {
    const to = (user: string) => ({ context: { to: user } });

    it.each([
      ['for_admins', 'ann', 403],
      ['for_admins', 'root', 202],
      ['for_holders', 'ann', 403],
      ['for_holders', 'bob', 202],
      // A permission is no role, and the role of an admin no permission.
      ['for_holders', 'root', 403],
      // Who may not operate here is not asked further.
      ['for_holders', 'eve', 403],
      ['decided', 'ann', 202],
      ['nearly', 'ann', 403],
    ])('%s lets %s in with %i', async (trigger, user, status) => {
      expect((await post(`/${trigger}/fire`, to(user), user)).status).toBe(status);
    });

    it('leaves an audit row of a refusal and nothing else', async () => {
      const { status, body } = await post('/for_holders/fire', { ...to('x'), reason: 'please' });
      expect({ status, code: body.code }).toEqual({ status: 403, code: 'TRG_API_FORBIDDEN' });
      expect(body.message).toContain('needs the permission "mail:send"; "ann" has the roles ["operator"]');
      expect(await stored()).toEqual([0, 0, 0, 0]);
      const { items } = await read('/audit');
      expect(items).toEqual([
        expect.objectContaining({
          actor: 'ann',
          action: 'access.refused',
          target: expect.stringContaining('/for_holders/fire'),
          reason: 'please',
          details: expect.objectContaining({ needed: 'mail:send' }),
        }),
      ]);
    });

    it('asks its function, which may look at what was sent, and refuses when it throws', async () => {
      expect((await post('/decided/fire', to('bob'))).status).toBe(403);
      const thrown = await post('/decided/fire', { ...to('ann'), reason: 'let me in' });
      expect([thrown.status, thrown.body.message]).toEqual([403, 'not like that']);
      expect(await stored()).toEqual([0, 0, 0, 0]);
      expect((await read('/audit?action=access.refused')).total).toBe(2);
    });

    it('asks for it before a replay too', async () => {
      const { body } = await post('/for_holders/fire', to('bob'), 'bob');
      await app.kit.drain();
      const path = `/executions/${String(body.executionIds[0])}/replay`;
      expect((await post(path, {})).status).toBe(403);
      expect((await post(path, {}, 'bob')).status).toBe(202);
    });

    it('asks for it before a dry run too', async () => {
      expect((await post('/for_holders/test', to('ann'))).status).toBe(403);
      expect((await post('/for_holders/test', to('bob'), 'bob')).status).toBe(200);
    });

    it('does not ask programs, and writes down whom they name', async () => {
      const outcome = await app.triggers.fire('for_holders', { to: 'x' }, { initiatedBy: 'cron of ann' });
      expect(outcome.status).toBe('accepted');
      expect((await read('/for_holders/firings')).items).toMatchObject([{ initiatedBy: 'cron of ann' }]);
    });
  });

  describe('tried out', () => {
    const test = async (path: string, body: object) => (await post(path, body)).body;

    it('tells what would become of it, and writes nothing', async () => {
      await post('/as_it_came/fire', { context: { month: '2026-11' } });
      await app.kit.drain();
      const before = await stored();
      expect(await test('/monthly/test', { context: { month: '2026-12' } })).toMatchObject({
        status: 'fired',
        items: [{ status: 'accepted' }],
      });
      expect(asked).toMatchObject([{ dryRun: true, initiatedBy: 'ann', input: { month: '2026-12' } }]);
      expect(await test('/as_it_came/test', { context: { month: '2026-11' } })).toMatchObject({
        items: [{ status: 'duplicate', dedupKey: expect.stringMatching(/^sha256:/), firingId: expect.any(String) }],
      });
      expect(await test('/mail/test', { context: { to: 'nobody' } })).toMatchObject({
        items: [{ status: 'filtered' }],
      });
      expect(await test('/monthly/test', { context: { month: '1999-01' } })).toMatchObject({
        status: 'skipped',
        reason: 'nothing was sold then',
        items: [],
      });
      expect(await test('/monthly/test', { context: { month: '2026-11', copies: 11 } })).toMatchObject({
        items: [{ status: 'rejected', reason: expect.stringContaining('pages') }],
      });
      expect(await stored()).toEqual(before);
      expect(await app.kit.check()).toEqual([]);
    });

    it('tells what is wrong with input and method', async () => {
      expect(await test('/monthly/test', { context: { month: 'May' } })).toMatchObject({
        status: 'failed',
        code: 'TRG_CONTEXT_SCHEMA',
        error: expect.stringContaining('month: '),
      });
      expect(await test('/monthly/test', { context: { month: '1999-02' } })).toMatchObject({
        status: 'failed',
        code: null,
        error: 'no such month',
      });
    });
  });

  it('shows its form as JSON Schema, and what it is limited by', async () => {
    const detail = await read('/monthly');
    expect(detail).toMatchObject({
      kind: 'manual',
      state: 'active',
      options: {
        exclusive: false,
        doubleClick: '2s',
        rateLimit: { limit: 10, per: '1m' },
        timeout: '30s',
        permission: null,
      },
      inputSchema: {
        $schema: 'https://json-schema.org/draft/2020-12/schema',
        type: 'object',
        required: ['month'],
        properties: { month: { pattern: '^\\d{4}-\\d\\d$' }, copies: { type: 'integer', minimum: 1 } },
      },
    });
    expect((await read('/mail')).inputSchema).toMatchObject({ required: ['to'] });
    // Nothing is declared, and its workflow declares nothing either.
    expect((await read('/everybody')).inputSchema).toBeNull();
    expect((await read('/workflows/export')).inputSchema).toMatchObject({ required: ['month'] });
  });

  it('takes no input where its method needs none', async () => {
    expect((await post('/everybody/fire', {})).body).toMatchObject({ status: 'accepted' });
  });

  it('is refused while it is disabled, and can still be tried out', async () => {
    await app.call('PATCH', '/everybody', { enabled: false }, { 'x-user': 'ann' });
    const { status, body } = await post('/everybody/fire', {}, 'bob');
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'TRG_API_CONFLICT' });
    expect(body.message).toContain('Whoever has the role "operator" can enable it');
    expect((await post('/everybody/test', {})).body).toMatchObject({ status: 'fired' });
    await expect(app.triggers.fire('everybody')).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
    expect(await stored()).toEqual([0, 0, 0, 0]);
    await app.call('PATCH', '/everybody', { enabled: true }, { 'x-user': 'ann' });
    expect((await post('/everybody/fire', {})).status).toBe(202);
  });
});
