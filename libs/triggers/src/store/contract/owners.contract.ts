import { newId } from '../../model/ids.js';
import type { NodeId } from '../../model/ids.js';
import { registerNode } from '../node.repository.js';
import { READ_OWNED, READ_STAMPS, acquireTriggers, countHoldings } from '../trigger-owner.repository.js';
import { declareTriggers } from '../trigger.repository.js';
import { rowsOf, useStoreKit } from './kit.contract.js';
import type { Database } from './kit.contract.js';
import { LEASE_MS, NAMES, Owners } from './owners-kit.contract.js';
import { nodeOf } from './work.contract.js';

/** Who owns triggers and who wants them. */
export function ownersContract(database: Database): void {
  describe('owners of triggers', () => {
    const kit = useStoreKit(database);
    const begin = async (names?: readonly string[]): Promise<Owners> => Owners.on(await kit().open(), names);

    it('are one living node each, and another one when the lease of the first has run out', async () => {
      const owners = await begin(['a']);
      const { me, other } = owners;
      expect(await owners.acquire(me, ['a'])).toMatchObject([{ name: 'a', mine: true, epoch: 1 }]);
      expect(await owners.acquire(other, ['a'])).toEqual([]);
      kit().clock.set(new Date(kit().clock.now() + LEASE_MS + 1));
      await owners.register(other);
      expect(await owners.acquire(other, ['a'])).toMatchObject([{ mine: true, epoch: 2 }]);
      expect(await owners.store.read(READ_STAMPS, [['a', me]])).toEqual([]);
      expect(await owners.read('a')).toMatchObject({ mine: false, epoch: 2 });
    });

    it('have a new epoch when they take theirs again, and give up only their own', async () => {
      const owners = await begin(['a']);
      const { me, other } = owners;
      await owners.acquire(me, ['a']);
      expect(await owners.acquire(me, ['a'])).toMatchObject([{ epoch: 2 }]);
      await owners.release(other);
      expect(await owners.acquire(other, ['a'])).toEqual([]);
      await owners.release(me);
      expect(await owners.acquire(other, ['a'])).toMatchObject([{ epoch: 3 }]);
    });

    it('take no more than they may, and others when they race', async () => {
      const owners = await begin();
      const second = database === ':memory:' ? owners.store : await kit().open();
      const taken = await Promise.all([
        owners.acquire(owners.me, NAMES, 2),
        second.change(() => acquireTriggers(NAMES, owners.other, 2)),
      ]);
      expect(taken.map(({ length }) => length)).toEqual([2, 2]);
      expect(
        taken
          .flat()
          .map(({ name }) => name)
          .sort(),
      ).toEqual(NAMES);
    });

    it('are counted with those who want what they own, and nobody dead among them', async () => {
      const owners = await begin();
      const { me, other } = owners;
      const dead = newId<NodeId>();
      await owners.register(dead);
      await owners.acquire(me, ['a', 'b']);
      await owners.acquire(dead, ['c']);
      await owners.want(other, me, 1);
      await owners.want(other, dead, 1);
      expect(new Set((await owners.holdings()).living)).toEqual(new Set([me, other, dead]));
      await owners.die(dead);
      const { living, groups } = await owners.holdings();
      expect(new Set(living)).toEqual(new Set([me, other]));
      expect(new Set(groups)).toEqual(
        new Set([
          { asked: true, owner: me, wanter: other, triggers: 1 },
          { asked: true, owner: me, wanter: null, triggers: 1 },
          { asked: true, owner: null, wanter: null, triggers: 2 },
        ]),
      );
      expect(new Set((await owners.holdings(['d', 'unknown'])).groups)).toEqual(
        new Set([
          { asked: true, owner: null, wanter: null, triggers: 1 },
          { asked: false, owner: me, wanter: other, triggers: 1 },
          { asked: false, owner: me, wanter: null, triggers: 1 },
          { asked: false, owner: null, wanter: null, triggers: 1 },
        ]),
      );
    });

    it('are looked for among nodes that schedule', async () => {
      const store = await kit().open();
      const owners = await Owners.on(store);
      const worker = newId<NodeId>();
      await store.change(() => registerNode(nodeOf({ id: worker, name: 'w', leaseMs: LEASE_MS, roles: ['worker'] })));
      const { living } = await store.change(() => countHoldings(NAMES));
      expect([...living].sort()).toEqual([owners.me, owners.other].sort());
    });

    it('are asked for what they own now and nobody alive wants, up to a limit', async () => {
      const owners = await begin();
      const { me, other } = owners;
      const [third, dead] = [newId<NodeId>(), newId<NodeId>()];
      await owners.register(third);
      await owners.register(dead);
      await owners.acquire(me, ['a', 'b', 'c']);
      expect(await owners.want(dead, me, 1)).toBe(1);
      await owners.die(dead);
      expect(await owners.want(other, me, 2)).toBe(2);
      expect(await owners.want(third, me, 9)).toBe(1);
      expect(await owners.want(third, other, 9)).toBe(0);
      expect(await owners.stored()).toEqual([
        [me, other],
        [me, other],
        [me, third],
        [null, null],
      ]);
    });

    it('are told in the stamps who wants a trigger, as long as that node lives', async () => {
      const owners = await begin(['a']);
      const { me, other } = owners;
      await owners.acquire(me, ['a']);
      await owners.want(other, me, 1);
      expect(await owners.store.read(READ_STAMPS, [['a', me]])).toMatchObject([{ wanted_by: other }]);
      expect(await owners.read('a')).toMatchObject({ wantedBy: other, epoch: 1, cursorVersion: 0 });
      await owners.die(other);
      expect(await owners.store.read(READ_STAMPS, [['a', me]])).toMatchObject([{ wanted_by: null }]);
    });

    it('change in one moment, with a new epoch and everything else as it was', async () => {
      const owners = await begin(['a']);
      const { me, other } = owners;
      await owners.acquire(me, ['a']);
      await owners.want(other, me, 1);
      const before = await rowsOf(owners.store, 'trigger');
      expect(await owners.handOver(me, other, 'a', 1)).toEqual(['a']);
      expect(await rowsOf(owners.store, 'trigger')).toEqual([
        { ...before[0], owner: other, wanted_by: null, epoch: 2 },
      ]);
      expect(await owners.store.read(READ_OWNED, [['a', me]])).toEqual([]);
      expect(await owners.store.read(READ_OWNED, [['a', other]])).toMatchObject([{ name: 'a', epoch: 2 }]);
    });

    it.each(['the epoch', 'the owner', 'the wanter', 'a wanter that lives'])(
      'stay as they are where %s is not what the hand-over says',
      async (what) => {
        const owners = await begin(['a']);
        const { me, other } = owners;
        const third = newId<NodeId>();
        await owners.register(third);
        await owners.acquire(me, ['a']);
        await owners.want(other, me, 1);
        if (what === 'a wanter that lives') await owners.die(other);
        const [from, to] = [what === 'the owner' ? third : me, what === 'the wanter' ? third : other];
        expect(await owners.handOver(from, to, 'a', what === 'the epoch' ? 0 : 1)).toEqual([]);
        expect(await owners.stored()).toEqual([[me, other]]);
      },
    );

    it('are nobody, and wanted by nobody, once they were given up or taken anew', async () => {
      const owners = await begin(['a', 'b']);
      const { me, other } = owners;
      await owners.acquire(me, ['a', 'b']);
      await owners.want(other, me, 2);
      await owners.release(me, ['a']);
      expect(await owners.stored()).toEqual([
        [null, null],
        [me, other],
      ]);
      await owners.acquire(me, ['a', 'b']);
      expect(await owners.stored()).toEqual([
        [me, null],
        [me, null],
      ]);
    });

    it('keep what a node does not want any more', async () => {
      const owners = await begin(['a']);
      const { me, other } = owners;
      await owners.acquire(me, ['a']);
      await owners.want(other, me, 1);
      await owners.release(other, ['a']);
      expect(await owners.stored()).toEqual([[me, null]]);
    });

    it('are nobody after a rename: its owner may not know the new name', async () => {
      const owners = await begin(['a']);
      await owners.acquire(owners.me, ['a']);
      await owners.store.change(() => declareTriggers([{ name: 'z', kind: 'poll', aliases: ['a'] }]));
      expect(await owners.acquire(owners.other, ['z'])).toMatchObject([{ epoch: 3 }]);
    });
  });
}
