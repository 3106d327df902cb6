import type { INestApplication } from '@nestjs/common';
import { Seed, openStore } from '../history/history.contract.js';
import { TriggersError } from '../model/errors.js';
import type { ExecutionId } from '../model/ids.js';
import type { Store } from '../store/store.service.js';
import { Behind, TOKEN, definition, startApp, workflow } from './admin.contract.js';
import { stateOf } from './trigger.state.js';
import { TriggersService } from './triggers.service.js';
import { WorkflowRunner } from './workflow-runner.service.js';

describe('the services', () => {
  let store: Store;
  let seed: Seed;
  let behind: Behind;
  let app: INestApplication;

  beforeEach(async () => {
    store = await openStore('sqlite');
    seed = new Seed(store);
    behind = new Behind();
    app = await startApp({ platform: 'express', store, behind });
  });

  afterEach(async () => {
    await app.close();
    await store.close();
  });

  describe('WorkflowRunner', () => {
    it('waits for the end and returns the input with every output laid over it', async () => {
      const [id] = behind.outcome.executionIds as [ExecutionId];
      await seed.execution({
        id,
        context: '{"file":{"name":"a"}}',
        state: 'failed',
        error: '{"name":"Error","message":"no","task":"write"}',
      });
      await seed.task({ executionId: id, task: 'read', ordinal: 0, output: '{"file":{"size":1}}' });
      const result = await app
        .get(WorkflowRunner)
        .execute('files', { file: { name: 'a' } }, { initiatedBy: 'me', priority: 3 });
      expect(result).toEqual({
        state: 'failed',
        executionId: id,
        context: { file: { name: 'a', size: 1 } },
        error: { name: 'Error', message: 'no', task: 'write' },
      });
      expect(behind.intake.start).toHaveBeenCalledWith({
        workflow,
        context: { file: { name: 'a' } },
        initiatedBy: 'me',
        priority: 3,
      });
      expect(behind.waiter.ended).toHaveBeenCalledWith(id);
    });

    it('takes the class as well as the name, and says no error when there is none', async () => {
      const [id] = behind.outcome.executionIds as [ExecutionId];
      await seed.execution({ id });
      expect(await app.get(WorkflowRunner).execute(workflow.target, {})).toEqual({
        state: 'completed',
        executionId: id,
        context: {},
      });
      await expect(app.get(WorkflowRunner).start('nothing', {})).rejects.toMatchObject({
        code: 'TRG_API_WORKFLOW_NOT_FOUND',
        message: expect.stringContaining('"files"'),
      });
    });

    it('says why nothing was started', async () => {
      behind.intake.start.mockResolvedValueOnce({
        ...behind.outcome,
        status: 'dead',
        state: 'dead',
        executionIds: [],
        reason: 'loop',
      });
      await expect(app.get(WorkflowRunner).start('files', {})).rejects.toMatchObject({
        code: 'TRG_API_CONFLICT',
        message: 'Nothing was started: the firing is dead (loop).',
      });
    });
  });

  describe('TriggersService', () => {
    // Cloacina case 111
    it('changes triggers for programs as for operators', async () => {
      const triggers = app.get(TriggersService);
      await triggers.setEnabled('inbox', false, { by: 'deploy', reason: 'migration' });
      const by = { by: 'deploy', reason: 'migration', address: null };
      expect(behind.triggers.override).toHaveBeenCalledWith('inbox', { enabled: false }, by);
      expect(behind.poller.changed).toHaveBeenCalledWith('inbox');
      await triggers.setCursor('inbox', 3);
      expect(behind.triggers.setCursor).toHaveBeenCalledWith('inbox', 3, { by: null, reason: null, address: null });
    });

    it('does not tell the poller of a change that was not made', async () => {
      behind.triggers.resume.mockRejectedValueOnce(new TriggersError('TRG_STORE_UNAVAILABLE', 'away'));
      await expect(app.get(TriggersService).resume('inbox')).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
      expect(behind.poller.changed).not.toHaveBeenCalled();
    });

    it('fires what this process declares, and says where else to ask', async () => {
      await seed.trigger({ name: 'elsewhere' });
      await app.get(TriggersService).fire('inbox', { a: 1 }, { dedupKey: 'k' });
      expect(behind.intake.fire).toHaveBeenCalledWith({
        trigger: expect.objectContaining({ name: 'inbox' }),
        context: { a: 1 },
        dedupKey: 'k',
      });
      await expect(app.get(TriggersService).fire('elsewhere')).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
      await expect(app.get(TriggersService).fire('nowhere')).rejects.toMatchObject({
        code: 'TRG_API_TRIGGER_NOT_FOUND',
      });
    });

    // Cloacina case 111
    it('tells the history of one trigger', async () => {
      const { id } = await seed.execution({ trigger: 'inbox' });
      await seed.execution({ trigger: 'other' });
      expect(await app.get(TriggersService).history('inbox', { limit: 10 })).toMatchObject({
        total: 1,
        items: [{ id }],
      });
    });

    it('refuses to fire with a manager whose database has no outbox', async () => {
      const manager = { dataSource: {}, query: () => Promise.reject(new Error('nothing is written')) };
      await expect(app.get(TriggersService).fire('inbox', {}, { manager })).rejects.toMatchObject({
        code: 'TRG_FIRE_OUTBOX',
      });
    });

    it('hands registering, starting and stopping on', async () => {
      const triggers = app.get(TriggersService);
      const late = { name: 'late', workflow: 'files', poll: jest.fn() };
      await triggers.register(late);
      await triggers.start();
      await triggers.stop();
      expect(behind.runtime.register).toHaveBeenCalledWith(late);
      expect([behind.engine.start, behind.engine.stop].map(({ mock }) => mock.calls.length)).toEqual([1, 1]);
    });
  });

  it('does not start in production when nobody may use the admin API', async () => {
    const { NODE_ENV, TRIGGERS_ADMIN_TOKEN } = process.env;
    try {
      process.env['NODE_ENV'] = 'production';
      delete process.env['TRIGGERS_ADMIN_TOKEN'];
      await expect(startApp({ platform: 'express', store, behind, admin: {} })).rejects.toMatchObject({
        code: 'TRG_DEF_ADMIN_CLOSED',
      });
      process.env['TRIGGERS_ADMIN_TOKEN'] = TOKEN;
      await (await startApp({ platform: 'express', store, behind, admin: {} })).close();
    } finally {
      Object.assign(process.env, { NODE_ENV });
      if (TRIGGERS_ADMIN_TOKEN === undefined) delete process.env['TRIGGERS_ADMIN_TOKEN'];
    }
  });
});

describe('the state of a trigger', () => {
  const now = Date.parse('2026-11-20T10:00:00Z');
  const minutesAgo = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
  const record = {
    name: 'inbox',
    kind: 'poll' as const,
    enabledOverride: null,
    intervalOverrideMs: null,
    cursor: null,
    owner: null,
    consecutiveFailures: 0,
    counts: { polls: 0, fires: 0, skips: 0, duplicates: 0, failures: 0 },
    lastError: null,
    suspendedAt: null,
    lastPollAt: null,
    lastFireAt: null,
    firstSeenAt: minutesAgo(60),
    seenAt: minutesAgo(0),
  };
  const live = {
    polling: false,
    stalled: false,
    nextPollAt: null,
    lastPollAt: null,
    consecutiveFailures: 0,
    lastError: null,
    unwritten: { polls: 0, skips: 0, duplicates: 0, failures: 0 },
  };
  const declared = definition();
  const off = { ...record, enabledOverride: false };
  const suspended = { ...record, suspendedAt: minutesAgo(1), consecutiveFailures: 20 };

  it.each([
    { state: 'undeclared', sources: { record: { ...off, seenAt: minutesAgo(10) } } },
    { state: 'active', sources: { record: { ...record, seenAt: minutesAgo(9) } } },
    { state: 'active', sources: { definition: declared, record: { ...record, seenAt: minutesAgo(60) } } },
    { state: 'disabled', sources: { definition: declared, record: { ...suspended, enabledOverride: false } } },
    { state: 'disabled', sources: { definition: definition({ enabled: false }) } },
    {
      state: 'active',
      sources: { definition: definition({ enabled: false }), record: { ...record, enabledOverride: true } },
    },
    { state: 'suspended', sources: { definition: declared, record: suspended, live: { ...live, stalled: true } } },
    {
      state: 'stalled',
      sources: { definition: declared, record, live: { ...live, stalled: true, consecutiveFailures: 2 } },
    },
    { state: 'failing', sources: { definition: declared, record, live: { ...live, consecutiveFailures: 2 } } },
    { state: 'failing', sources: { definition: declared, record: { ...record, consecutiveFailures: 1 } } },
    { state: 'active', sources: { definition: declared } },
  ])('is $state: the first that applies', ({ state, sources }) => {
    expect(stateOf({ name: 'inbox', definition: undefined, record: undefined, live: undefined, ...sources }, now)).toBe(
      state,
    );
  });
});
