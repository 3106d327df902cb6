import { DATABASES, gate } from '../engine/engine.contract.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { Row } from '../store/dialects/batch.js';
import { TransactionFailure } from '../store/dialects/dialect.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { FireOutcome } from './fire.types.js';
import { behaviour, ran, useIntake } from './intake.contract.js';
import type { ReplayExecutionOptions } from './intake.service.js';
import { PayloadReaders } from './payload-readers.js';
import type { KeptPayload, ReadPayload } from './payload-readers.js';
import type { TriggerDefinition } from './trigger.definition.js';

describe.each(DATABASES)('an execution that is replayed, on %s', (database) => {
  const h = useIntake(database);
  const asked: KeptPayload[] = [];
  const readAs = (read: Partial<ReadPayload> | { readonly skipped: string }): void => {
    const found = { items: [{ context: { read: true } }], deliveryKey: null, ...read };
    h()
      .node.get(PayloadReaders)
      .add('manual', async (_trigger, kept) => {
        asked.push(kept);
        return 'skipped' in read ? read : found;
      });
  };
  /** An execution that has ended. */
  const ended = async (given: Partial<TriggerDefinition> = {}, item: object = {}): Promise<FireOutcome> => {
    const outcome = await h().fire(h().trigger({ dedup: { scope: 'off' }, ...given }), { n: 1 }, item);
    await h().kit.clock.settle();
    ran.splice(0);
    return outcome;
  };
  const replay = async ({ executionIds }: FireOutcome, how?: ReplayExecutionOptions): Promise<FireOutcome> => {
    const outcome = await h().intake.replay(executionIds[0] as ExecutionId, how);
    await h().kit.clock.settle();
    return outcome;
  };
  const row = async ({ firingId }: { readonly firingId: FiringId }): Promise<Row | undefined> =>
    (await h().node.rows('firing')).find(({ id }) => id === firingId);

  beforeEach(() => void asked.splice(0));

  it('is fired with its context, and what was sent goes along', async () => {
    const first = await ended({ keepsPayload: true }, { payload: '{"sent":1}' });
    readAs({});
    const again = await replay(first);
    expect([ran, asked]).toEqual([[{ n: 1 }], []]);
    expect(await row(again)).toMatchObject({ state: 'accepted', payload: '{"sent":1}' });
  });

  it('is fired with what its trigger makes of the edited payload, where that keeps what was sent', async () => {
    const first = await ended({ keepsPayload: true }, { payload: '{"sent":1}', dedupKey: 'k' });
    readAs({ items: [{ context: { read: 1 } }, { context: { read: 2 } }] });
    const by = { initiatedBy: 'ann', reason: 'mended' };
    const again = await replay(first, { edited: { sent: 2 }, ...by });
    expect(asked).toEqual([{ payload: '{"sent":2}', origin: null, key: 'k', by }]);
    expect(ran).toEqual([{ read: 1 }]);
    expect(await row(again)).toMatchObject({ payload: '{"sent":2}', initiated_by: 'ann', dedup_label: 'k' });
  });

  it('is fired with the edited context where its trigger keeps none, or nobody reads payloads', async () => {
    const first = await ended();
    readAs({});
    expect(await row(await replay(first, { edited: { n: 2 } }))).toMatchObject({ payload: null });
    await replay(await ended({ kind: 'poll', keepsPayload: true }), { edited: { n: 3 } });
    expect([ran, asked]).toEqual([[{ n: 3 }], []]);
  });

  it('is fired with the edited context where a program had asked for its workflow', async () => {
    const first = await h().intake.start({ workflow: h().node.get(WorkflowRegistry).require('plain') });
    await h().kit.clock.settle();
    await replay(first, { edited: { n: 2 } });
    expect(ran).toEqual([{}, { n: 2 }]);
  });

  it('is not fired where its trigger wants nothing of the edited payload, or makes nothing of it', async () => {
    const first = await ended({ keepsPayload: true });
    const nothing = { status: 'filtered', firingId: first.firingId, executionIds: [] };
    readAs({ skipped: 'nobody there' });
    expect(await replay(first, { edited: {} })).toMatchObject({ ...nothing, reason: 'nobody there' });
    readAs({ items: [] });
    expect(await replay(first, { edited: {} })).toMatchObject({ ...nothing, reason: 'nothing was made of it' });
    expect(await h().node.rows('firing')).toHaveLength(1);
  });

  it('is refused with an edited context that does not fit, and nothing is kept', async () => {
    const workflows = [h().node.get(WorkflowRegistry).require('checked')];
    const first = await ended({ workflows }, { context: { amount: 1 } });
    await expect(replay(first, { edited: { amount: 'much' } })).rejects.toMatchObject({ code: 'TRG_CONTEXT_SCHEMA' });
    expect(await h().node.rows('firing')).toHaveLength(1);
  });

  it('is given up at the deadline of a database that is away: nothing of it is stored later', async () => {
    const first = await ended();
    const { dialect, options } = h().node.store;
    const away = jest
      .spyOn(dialect, 'transaction')
      .mockRejectedValue(new TransactionFailure('away', 'rolledBack', new Error('it is gone')));
    const refused = expect(h().intake.replay(first.executionIds[0] as ExecutionId)).rejects.toMatchObject({
      code: 'TRG_STORE_UNAVAILABLE',
    });
    await h().kit.clock.advance(options.commitDeadlineMs);
    away.mockRestore();
    await h().kit.clock.advance(10_000);
    await refused;
    expect(await h().node.rows('firing')).toHaveLength(1);
  });

  it('starts its own workflow and no other of its trigger', async () => {
    const registry = h().node.get(WorkflowRegistry);
    const workflows = [registry.require('plain'), registry.require('checked')];
    const first = await ended({ workflows, keepsPayload: true }, { context: { amount: 1 } });
    expect(first.executionIds).toHaveLength(2);
    expect((await replay(first)).executionIds).toHaveLength(1);
    expect(ran).toEqual([{ amount: 1 }]);
  });

  it('refuses in time where the code of its trigger hangs, and tells that it still goes on', async () => {
    const first = await ended();
    const trigger = h().trigger({ dedup: { scope: 'off' }, filter: () => new Promise(() => undefined) });
    const refused = expect(replay(first)).rejects.toMatchObject({ code: 'TRG_TRIGGER_TIMEOUT' });
    await h().kit.clock.advance(trigger.timeoutMs);
    await refused;
    expect(h().node.events.all.filter(({ name }) => name === 'trigger.stalled')).toMatchObject([{ trigger: 'inbox' }]);
  });

  describe('as a dead letter', () => {
    const failed = async (): Promise<FireOutcome> => {
      behaviour.run = () => {
        throw new Error('broken');
      };
      const outcome = await ended();
      behaviour.run = () => undefined;
      return outcome;
    };

    it('is answered once, and otherwise as often as somebody asks', async () => {
      const first = await failed();
      const answer = await replay(first, { once: true });
      expect(answer).toMatchObject({ status: 'accepted' });
      expect(await replay(first, { once: true })).toMatchObject({
        status: 'duplicate',
        of: 'letter',
        firingId: answer.firingId,
        executionIds: answer.executionIds,
      });
      expect(await replay(first)).toMatchObject({ status: 'accepted', of: null });
      expect(ran).toHaveLength(2);
    });

    it('is none where it has not failed, or was discarded', async () => {
      const [good, bad] = [await ended(), await failed()];
      expect(await h().intake.discardLetter(bad.executionIds[0] as ExecutionId)).toBe(true);
      for (const one of [good, bad])
        await expect(replay(one, { once: true })).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
    });

    it('is told who holds its key', async () => {
      behaviour.run = () => {
        throw new Error('broken');
      };
      const first = await ended({ dedup: { scope: 'running', cooldown: false } });
      const working = gate();
      behaviour.run = () => working.opened;
      const { firingId: holder } = await h().fire(h().trigger(), { n: 1 });
      await expect(replay(first, { once: true })).rejects.toMatchObject({
        code: 'TRG_API_CONFLICT',
        details: { holder },
      });
      working.open();
      await h().kit.clock.settle();
    });
  });
});
