import { MAX_DEPTH, causedBy } from '../model/causation.js';
import { DATABASES } from '../engine/engine.contract.js';
import { newId } from '../model/ids.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { Row } from '../store/dialects/batch.js';
import { WorkflowRegistry } from '../workflows/workflow.registry.js';
import type { FireOutcome, RejectRequest, ReplayRequest } from './fire.types.js';
import { keyOfContext } from './dedup-key.js';
import { ran, useIntake } from './intake.contract.js';
import { PayloadReaders } from './payload-readers.js';
import type { KeptPayload, ReadPayload } from './payload-readers.js';
import type { TriggerDefinition } from './trigger.definition.js';

const MINUTE_MS = 60_000;
/** What it fires is dead: too deep. */
const looping = <T>(work: () => Promise<T>): Promise<T> =>
  causedBy({ executionId: newId<ExecutionId>(), depth: MAX_DEPTH }, work);
const WINDOW = { scope: 'window', windowMs: 10 * MINUTE_MS } as const;

describe.each(DATABASES)('a dead letter that is replayed, on %s', (database) => {
  const h = useIntake(database);
  const asked: KeptPayload[] = [];
  /** Who can read the payloads of webhooks makes this of each. */
  const readAs = (read: Partial<ReadPayload> | { readonly skipped: string }): void => {
    const found = { items: [{ context: { n: 1 } }], deliveryKey: null, ...read };
    h()
      .node.get(PayloadReaders)
      .add('webhook', async (_trigger, kept) => {
        asked.push(kept);
        return 'skipped' in read ? read : found;
      });
  };
  const webhook = (given: Partial<TriggerDefinition> = {}): TriggerDefinition =>
    h().trigger({ kind: 'webhook', dedup: WINDOW, ...given });
  const reject = async (trigger: TriggerDefinition, given: Partial<RejectRequest> = {}): Promise<FiringId> => {
    const request = { trigger, reason: 'no amount', dedupKey: 'evt_1', payload: '{"n":0}', ...given };
    return (await h().intake.reject(request)).firingId;
  };
  const replay = (id: FiringId, how?: ReplayRequest): Promise<FireOutcome> => h().intake.replayLetter(id, how);
  const row = async (id: FiringId): Promise<Row | undefined> =>
    (await h().node.rows('firing')).find((one) => one['id'] === id);
  const settle = (): Promise<void> => h().kit.clock.settle();

  beforeEach(() => void asked.splice(0));
  afterEach(() => settle());

  it('is read by whoever can read its payload, who is told what was kept and who asks', async () => {
    const letter = await reject(webhook(), { origin: { address: '::1' } });
    readAs({ deliveryKey: 'evt_1' });
    const outcome = await replay(letter, { initiatedBy: 'ann', reason: 'mended' });
    const by = { initiatedBy: 'ann', reason: 'mended' };
    expect(asked).toEqual([{ payload: '{"n":0}', origin: { address: '::1' }, key: 'evt_1', by }]);
    expect(outcome).toMatchObject({ status: 'accepted', of: null, dedupKey: 'evt_1' });
    await settle();
    expect(ran).toEqual([{ n: 1 }]);
    expect(await row(letter)).toMatchObject({ closed_by: outcome.firingId });
    expect(await row(outcome.firingId)).toMatchObject({ initiated_by: 'ann', payload: null });
  });

  it.each([
    [true, '{"n":2}'],
    [false, null],
  ])('keeps what an operator has made of it where the trigger keeps payloads: %s', async (keepsPayload, payload) => {
    const letter = await reject(webhook({ keepsPayload }));
    readAs({});
    const { firingId } = await replay(letter, { edited: { n: 2 } });
    expect(asked).toMatchObject([{ payload: '{"n":2}', origin: null, key: 'evt_1' }]);
    expect(await row(firingId)).toMatchObject({ state: 'accepted', payload });
  });

  it('is its context where nothing else was sent, and what an operator has made of that', async () => {
    const letters: FiringId[] = [];
    for (const n of [1, 2]) letters.push((await looping(() => h().fire(webhook(), { n }))).firingId);
    readAs({ items: [{ context: { read: true } }] });
    expect(await replay(letters[0] as FiringId)).toMatchObject({ dedupKey: keyOfContext({ n: 1 }).label });
    await settle();
    expect([ran, asked]).toEqual([[{ n: 1 }], []]);
    await replay(letters[1] as FiringId, { edited: { n: 3 } });
    await settle();
    expect(ran).toEqual([{ n: 1 }, { read: true }]);
    expect(asked).toMatchObject([{ payload: '{"n":3}', key: null }]);
  });

  it('fires what an operator gives where nobody reads payloads, and nothing where none was kept', async () => {
    const letter = await reject(h().trigger({ kind: 'poll' }), { dedupKey: undefined });
    await expect(replay(letter)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('Nothing of the context was kept'),
    });
    expect(await replay(letter, { edited: { n: 4 } })).toMatchObject({
      status: 'accepted',
      dedupKey: keyOfContext({ n: 4 }).label,
    });
    await settle();
    expect(ran).toEqual([{ n: 4 }]);
  });

  it('stays open where the trigger wants nothing of it', async () => {
    const letter = await reject(webhook());
    readAs({ skipped: 'not for us' });
    expect(await replay(letter)).toEqual({
      status: 'filtered',
      of: null,
      firingId: letter,
      executionIds: [],
      dedupKey: null,
      state: null,
      reason: 'not for us',
      delayedMs: 0,
    });
    expect(await row(letter)).toMatchObject({ closed_at: null });
  });

  describe('that becomes several firings', () => {
    const items = [{ context: { n: 1 } }, { context: { n: 2 } }];

    it('fires each under the key of the delivery and its place, and answers with all executions', async () => {
      const letter = await reject(webhook());
      readAs({ items, deliveryKey: 'evt_1' });
      const outcome = await replay(letter);
      expect(outcome).toMatchObject({ status: 'accepted', dedupKey: 'evt_1#0' });
      const fired = (await h().node.rows('firing')).filter(({ state }) => state === 'accepted');
      expect(fired.map((one) => one['dedup_label'])).toEqual(['evt_1#0', 'evt_1#1']);
      expect(outcome.executionIds).toEqual((await h().node.rows('execution')).map(({ id }) => id));
      expect(outcome.executionIds).toHaveLength(2);
    });

    it('starts later what is too much of it; a single one is refused, and can be replayed again', async () => {
      const rateLimit = { limit: 1, perMs: MINUTE_MS };
      const trigger = webhook({ rateLimit });
      const [many, one] = [await reject(trigger), await reject(trigger, { dedupKey: 'evt_2' })];
      readAs({ items, deliveryKey: 'evt_1' });
      await replay(many);
      readAs({ deliveryKey: 'evt_2' });
      expect(await replay(one)).toMatchObject({ status: 'limited', delayedMs: expect.any(Number) as unknown });
      expect(await row(one)).toMatchObject({ closed_at: null });
      await settle();
      expect(ran).toEqual([{ n: 1 }]);
      await h().kit.clock.advance(MINUTE_MS);
      expect(ran).toEqual([{ n: 1 }, { n: 2 }]);
    });

    it('is answered by the first that is accepted, and by the first where none is', async () => {
      const trigger = webhook({ filter: ({ n }) => n === 2 });
      const letter = await reject(trigger);
      readAs({ items, deliveryKey: 'evt_1' });
      const outcome = await replay(letter);
      expect(outcome).toMatchObject({ status: 'accepted', dedupKey: 'evt_1#1' });
      expect(await row(letter)).toMatchObject({ closed_by: outcome.firingId });
      webhook({ filter: () => false });
      const next = await reject(trigger, { dedupKey: 'evt_2' });
      expect(await replay(next)).toMatchObject({ status: 'filtered', reason: 'filter', executionIds: [] });
    });

    it('is refused as a whole where one of them cannot be taken', async () => {
      const letter = await reject(webhook());
      readAs({ items: [{ context: { n: 1 } }, { context: { n: 2n } }], deliveryKey: 'evt_1' });
      await expect(replay(letter)).rejects.toMatchObject({ code: 'TRG_CONTEXT_BIG_NUMBER' });
      expect((await h().node.rows('firing')).map(({ state }) => state)).toEqual(['rejected']);
    });
  });

  describe('holds the key of its event', () => {
    const fire = (dedupKey: string): Promise<FireOutcome> => h().intake.fire({ trigger: webhook(), dedupKey });

    it('for what is left of the window that it kept', async () => {
      const letter = await reject(webhook(), { sameForMs: 10 * MINUTE_MS });
      readAs({ deliveryKey: 'evt_1' });
      await h().kit.clock.advance(4 * MINUTE_MS);
      const { firingId } = await replay(letter);
      await h().kit.clock.advance(6 * MINUTE_MS - 1_000);
      expect(await fire('evt_1')).toMatchObject({ status: 'duplicate', firingId });
      await h().kit.clock.advance(1_000);
      expect(await fire('evt_1')).toMatchObject({ status: 'accepted' });
    });

    it('no longer when that is over: an equal key is another event then', async () => {
      const letter = await reject(webhook(), { sameForMs: 10 * MINUTE_MS });
      readAs({ deliveryKey: 'evt_1' });
      await h().kit.clock.advance(10 * MINUTE_MS);
      expect(await replay(letter)).toMatchObject({ status: 'accepted', dedupKey: null });
      expect(await fire('evt_1')).toMatchObject({ status: 'accepted' });
    });

    it('no longer when that is over, where it becomes several firings as little: none of them has a key', async () => {
      const letter = await reject(webhook(), { sameForMs: MINUTE_MS });
      readAs({ items: [{ context: { n: 1 } }, { context: { n: 2 } }], deliveryKey: 'evt_1' });
      await h().kit.clock.advance(MINUTE_MS);
      const { executionIds } = await replay(letter);
      expect(executionIds).toHaveLength(2);
      const fired = (await h().node.rows('firing')).filter(({ state }) => state === 'accepted');
      expect(fired.map((one) => one['dedup_label'])).toEqual([null, null]);
    });

    it('as its trigger says where it kept no window', async () => {
      const letter = await reject(webhook());
      readAs({ deliveryKey: 'evt_1' });
      const { firingId } = await replay(letter);
      await h().kit.clock.advance(10 * MINUTE_MS - 1_000);
      expect(await fire('evt_1')).toMatchObject({ status: 'duplicate', firingId });
      await h().kit.clock.advance(1_000);
      expect(await fire('evt_1')).toMatchObject({ status: 'accepted' });
    });

    it('as its trigger says where that knows no windows any more', async () => {
      const letter = await reject(webhook(), { sameForMs: MINUTE_MS });
      const trigger = webhook({ dedup: { scope: 'ever' } });
      readAs({ deliveryKey: 'evt_1' });
      await h().kit.clock.advance(2 * MINUTE_MS);
      const { firingId } = await replay(letter);
      expect(await h().intake.fire({ trigger, dedupKey: 'evt_1' })).toMatchObject({ status: 'duplicate', firingId });
    });

    it('which is none where its source makes keys and gave it none', async () => {
      const letter = await reject(webhook(), { dedupKey: undefined });
      readAs({});
      expect(await replay(letter)).toMatchObject({ status: 'accepted', dedupKey: null });
    });

    it('beside those that its items have, which last as long as their source says', async () => {
      const letter = await reject(webhook(), { sameForMs: 5 * MINUTE_MS });
      const ownKeys = { scope: 'window', windowMs: MINUTE_MS } as const;
      readAs({ items: [{ context: { n: 1 }, dedupKey: 'order 7' }], deliveryKey: 'evt_1', ownKeys });
      const outcome = await replay(letter);
      expect(outcome).toMatchObject({ status: 'accepted', dedupKey: 'order 7' });
      expect(await fire('order 7')).toMatchObject({ status: 'duplicate', firingId: outcome.firingId });
      await h().kit.clock.advance(MINUTE_MS);
      expect(await fire('order 7')).toMatchObject({ status: 'accepted' });
      // The event came once more and cannot be judged: that it was answered is known.
      const again = { trigger: webhook(), reason: 'no amount', dedupKey: 'evt_1', payload: '{}' };
      expect(await h().intake.reject(again)).toMatchObject({ status: 'duplicate', firingId: outcome.firingId });
      // As long as its letter says, where the trigger says more.
      await h().kit.clock.advance(4 * MINUTE_MS);
      expect(await h().intake.reject(again)).toMatchObject({ status: 'rejected' });
    });
  });

  it('is answered once: who comes later is told by what', async () => {
    const letter = await reject(webhook());
    readAs({ deliveryKey: 'evt_1' });
    const first = await replay(letter);
    expect(await replay(letter)).toEqual({
      status: 'duplicate',
      of: 'letter',
      firingId: first.firingId,
      executionIds: first.executionIds,
      dedupKey: 'evt_1',
      state: 'accepted',
      reason: 'answered already',
      delayedMs: 0,
    });
    expect(asked).toHaveLength(1);
    await settle();
    for (const table of ['task', 'execution'])
      await h().node.store.dialect.writer.query(`DELETE FROM triggers_${table}`);
    await h().node.store.dialect.writer.query(`DELETE FROM triggers_firing WHERE state = 'accepted'`);
    expect(await replay(letter)).toMatchObject({ state: 'pruned', executionIds: [], dedupKey: null });
  });

  it('that was discarded cannot be replayed', async () => {
    const letter = await reject(webhook());
    expect([await h().intake.discardLetter(letter), await h().intake.discardLetter(letter)]).toEqual([true, false]);
    await expect(replay(letter)).rejects.toMatchObject({ code: 'TRG_API_CONFLICT' });
  });

  it('that is not there is none', async () => {
    const id = newId<FiringId>();
    await expect(replay(id)).rejects.toMatchObject({ code: 'TRG_API_DEAD_LETTER_NOT_FOUND', details: { id } });
  });

  it('belongs to the trigger that has its name now, and waits for a process that declares one', async () => {
    const letter = await reject(webhook());
    readAs({});
    h().undeclare('inbox');
    await expect(replay(letter)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringMatching(/does not declare trigger "inbox".*"aliases"/),
    });
    webhook({ name: 'mail', aliases: ['inbox'] });
    const { firingId } = await replay(letter);
    expect(await row(firingId)).toMatchObject({ trigger: 'mail', state: 'accepted' });
  });

  it('of a workflow that a program asked for is started by that', async () => {
    const workflow = h().node.get(WorkflowRegistry).require('plain');
    const { firingId } = await looping(() => h().intake.start({ workflow }));
    await expect(replay(firingId)).rejects.toMatchObject({
      code: 'TRG_API_CONFLICT',
      message: expect.stringContaining('without a trigger'),
    });
  });

  it('whose code hangs refuses in time, and tells that it still goes on', async () => {
    const trigger = webhook();
    const letter = await reject(trigger);
    h()
      .node.get(PayloadReaders)
      .add('webhook', () => new Promise(() => undefined));
    const refused = expect(replay(letter)).rejects.toMatchObject({ code: 'TRG_TRIGGER_TIMEOUT' });
    await h().kit.clock.advance(trigger.timeoutMs);
    await refused;
    expect(h().node.events.all.filter(({ name }) => name === 'trigger.stalled')).toMatchObject([{ trigger: 'inbox' }]);
  });
});
