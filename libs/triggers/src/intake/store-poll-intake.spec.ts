import { gate } from '../engine/engine.contract.js';
import { NodeIdentity } from '../model/node-identity.js';
import { nodeOf } from '../store/contract/work.contract.js';
import { registerNode } from '../store/node.repository.js';
import type { Store } from '../store/store.service.js';
import { behaviour, useIntake } from './intake.contract.js';
import { IntakePipe } from './intake.pipe.js';
import { PollIntake } from './poll-intake.js';
import type { PollWrite, PreparedFiring } from './poll-intake.js';
import { StorePollIntake } from './store-poll-intake.service.js';
import { TriggerControl } from './trigger-control.service.js';

const by = { by: null, reason: null, address: null };

describe('what pollers use of intake', () => {
  const h = useIntake('sqlite');
  const polls = (): PollIntake => h().node.get(PollIntake);
  const write = (epoch: number, drafts: readonly PreparedFiring[] = [], given: Partial<PollWrite> = {}): PollWrite => ({
    trigger: 'inbox',
    epoch,
    cursorVersion: 0,
    declaredEnabled: true,
    cursor: undefined,
    drafts,
    counts: { polls: 1, skips: 0, duplicates: 0, failures: 0 },
    consecutiveFailures: 0,
    lastError: null,
    suspends: false,
    lastPollAgoMs: 0,
    ticks: [],
    flush: false,
    ...given,
  });

  it('declares, takes, reads and gives up triggers by name', async () => {
    await polls().declare([{ name: 'mail', kind: 'poll', aliases: [] }]);
    expect(await polls().read(['inbox', 'mail', 'gone'])).toMatchObject([
      { name: 'inbox', mine: false, epoch: 0 },
      { name: 'mail', mine: false },
    ]);
    expect(await polls().acquire(['inbox'])).toMatchObject([{ name: 'inbox', mine: true, epoch: 1 }]);
    expect(await polls().read(['inbox'])).toMatchObject([{ mine: true, epoch: 1 }]);
    await polls().release(['inbox']);
    expect(await polls().read(['inbox'])).toMatchObject([{ mine: false }]);
  });

  it('stamps the triggers that this node owns', async () => {
    await polls().declare([{ name: 'mail', kind: 'poll', aliases: [] }]);
    await polls().acquire(['inbox', 'mail']);
    await h().node.get(TriggerControl).override('inbox', { enabled: true, intervalMs: 5_000 }, by);
    const stamps = (await polls().stamps(['inbox', 'mail'])).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    expect(stamps).toEqual([
      { name: 'inbox', epoch: 1, cursorVersion: 1, intervalOverrideMs: 5_000, wantedBy: null },
      { name: 'mail', epoch: 1, cursorVersion: 0, intervalOverrideMs: null, wantedBy: null },
    ]);
    expect(await polls().stamps(['mail'])).toHaveLength(1);
    await polls().release(['inbox', 'mail']);
    expect(await polls().stamps(['inbox', 'mail'])).toEqual([]);
  });

  it('takes no more triggers than it is told', async () => {
    await polls().declare([{ name: 'mail', kind: 'poll', aliases: [] }]);
    expect(await polls().acquire(['inbox', 'mail'], 1)).toMatchObject([{ name: 'inbox' }]);
    expect(await polls().acquire(['inbox', 'mail'])).toHaveLength(2);
  });

  it('shares triggers out: says who polls how many, asks for some, and hands over what another node asks for', async () => {
    const other = new NodeIdentity();
    const { store } = h().node;
    await store.change(() => registerNode(nodeOf({ id: other.id, name: 'other', leaseMs: 60_000 })));
    const others = new StorePollIntake(store, other, h().node.get(IntakePipe), h().intake);
    await polls().declare([{ name: 'mail', kind: 'poll', aliases: [] }]);
    await polls().acquire(['inbox', 'mail']);
    expect(await others.want(['inbox', 'mail'], polls().nodeId, 1)).toBe(1);
    const { living, groups } = await polls().holdings(['mail']);
    expect(new Set(living)).toEqual(new Set([polls().nodeId, other.id]));
    expect(groups).toHaveLength(2);
    expect(groups).toContainEqual({ asked: true, owner: h().node.nodeId, wanter: null, triggers: 1 });
    expect(groups).toContainEqual({ asked: false, owner: h().node.nodeId, wanter: other.id, triggers: 1 });
    expect(await polls().stamps(['inbox'])).toMatchObject([{ wantedBy: other.id }]);
    const handOvers = ['inbox', 'mail'].map((name) => ({ name, epoch: 1, to: other.id }));
    expect(await polls().handOver(handOvers)).toEqual(['inbox']);
    expect(await polls().owned(['inbox', 'mail'])).toMatchObject([{ name: 'mail', mine: true, epoch: 1 }]);
    expect(await others.owned(['inbox', 'mail'])).toMatchObject([{ name: 'inbox', mine: true, epoch: 2 }]);
  });

  it('tells the node that owns a trigger that it was changed', () => {
    const tell = jest.spyOn(h().node.store.notices, 'tell');
    polls().tellChanged('inbox');
    expect(tell.mock.calls).toEqual([[{ about: 'trigger', name: 'inbox' }]]);
  });

  it('is alone where no other process can poll', () => {
    const isAlone = (type: string): boolean => {
      const store = { options: { type } } as unknown as Store;
      return new StorePollIntake(store, ...([] as never[] as [never, never, never])).isAlone;
    };
    expect([isAlone('sqlite'), isAlone('postgres')]).toEqual([true, false]);
  });

  it('says for which tick of a schedule something is fired', async () => {
    expect(await polls().prepare(h().trigger(), [{ scheduledFor: new Date(7) }, {}])).toMatchObject([
      { scheduledFor: 7 },
      { scheduledFor: null },
    ]);
  });

  it('commits a poll once; what comes with an old epoch writes nothing', async () => {
    const [stored] = await polls().acquire(['inbox']);
    const epoch = stored?.epoch ?? -1;
    const drafts = await polls().prepare(h().trigger(), [{ context: { a: 1 } }, { context: { a: 2 } }]);
    expect(await polls().commit(write(epoch - 1, drafts))).toEqual({ status: 'superseded' });
    expect(await h().node.rows('firing')).toEqual([]);
    expect(await polls().commit(write(epoch, drafts))).toMatchObject({
      status: 'committed',
      wrote: true,
      outcomes: drafts.map(({ id }) => ({ status: 'accepted', firingId: id })),
    });
    await h().kit.clock.settle();
  });

  it('says that nothing was written where every firing was a duplicate', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    const trigger = h().trigger();
    const first = await h().fire(trigger, { a: 1 });
    const [stored] = await polls().acquire(['inbox']);
    const drafts = await polls().prepare(trigger, [{ context: { a: 1 } }]);
    expect(await polls().commit(write(stored?.epoch ?? -1, drafts))).toMatchObject({
      wrote: false,
      outcomes: [{ status: 'duplicate', firingId: first.firingId }],
    });
    working.open();
    await h().kit.clock.settle();
  });

  it('gives up a commit at its deadline', async () => {
    const submit = jest.spyOn(h().node.store.commits, 'submit').mockResolvedValue({ status: 'superseded' });
    await polls().commit(write(1), { deadlineMs: 7 });
    await polls().commit(write(1));
    expect(submit.mock.calls.map(([, item, options]) => [(item as { owner: string }).owner, options])).toEqual([
      [h().node.nodeId, { deadlineMs: 7 }],
      [h().node.nodeId, {}],
    ]);
    submit.mockRestore();
  });

  describe('a preview', () => {
    it('says what each item would become, by reads only', async () => {
      const working = gate();
      behaviour.run = () => working.opened;
      const holder = await h().fire(h().trigger(), {}, { dedupKey: 'held' });
      const filter = (context: object): boolean => !('no' in context);
      const previews = await polls().preview(h().trigger({ filter, dedup: { scope: 'ever' } }), [
        { dedupKey: 'held' },
        { dedupKey: 'new' },
        { dedupKey: 'new' },
        { context: { no: true } },
        { context: { a: 1n } },
      ]);
      expect(previews).toEqual([
        { status: 'duplicate', dedupKey: 'held', reason: null, firingId: holder.firingId },
        { status: 'accepted', dedupKey: 'new', reason: null, firingId: null },
        { status: 'duplicate', dedupKey: 'new', reason: null, firingId: null },
        { status: 'filtered', dedupKey: null, reason: 'filter', firingId: null },
        { status: 'dead', dedupKey: null, reason: expect.stringContaining('bigint'), firingId: null },
      ]);
      expect(await h().node.rows('firing')).toHaveLength(1);
      working.open();
      await h().kit.clock.settle();
    });

    it('finds no duplicates where there is no key', async () => {
      const trigger = h().trigger({ dedup: { scope: 'off' } });
      const accepted = { status: 'accepted', dedupKey: null, reason: null, firingId: null };
      expect(await polls().preview(trigger, [{}, {}])).toEqual([accepted, accepted]);
    });

    it('calls what is debounced held, as outcomes do', async () => {
      const [draft] = await polls().prepare(h().trigger(), [{}]);
      jest.spyOn(polls(), 'prepare').mockResolvedValueOnce([{ ...(draft as PreparedFiring), state: 'debounced' }]);
      expect(await polls().preview(h().trigger(), [{}])).toMatchObject([{ status: 'held' }]);
    });
  });
});
