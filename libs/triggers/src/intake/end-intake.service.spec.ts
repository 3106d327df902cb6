import { DATABASES } from '../engine/engine.contract.js';
import { newId } from '../model/ids.js';
import type { ExecutionId, FollowUpId } from '../model/ids.js';
import type { FollowUp } from '../store/followers.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import { declareTriggers } from '../store/trigger.repository.js';
import { EndIntake } from './end-intake.service.js';
import type { FollowRule, FollowedBy, ReadEnd } from './end-intake.service.js';
import { behaviour, ran, useIntake } from './intake.contract.js';
import { TriggerControl } from './trigger-control.service.js';
import type { TriggerDefinition } from './trigger.definition.js';

const ON_PLAIN: FollowRule = { workflow: 'plain', on: ['completed', 'failed'] };

describe.each(DATABASES)('ends that triggers follow, on %s', (database) => {
  const h = useIntake(database);
  const ends = (): EndIntake => h().node.get(EndIntake);
  const due: FollowUp[] = [];
  const declare = (...names: string[]): void => ends().declare(new Map(names.map((name) => [name, ON_PLAIN])));
  const serve = (): void => ends().serve((followUps) => void due.push(...followUps));
  /** As if another node had declared it. */
  const declareElsewhere = (name: string, follows: FollowRule): Promise<void> =>
    h().node.store.change(() => declareTriggers([{ name, kind: 'workflow', aliases: [], follows }]));
  const follower = (given: Partial<TriggerDefinition> = {}): TriggerDefinition =>
    h().trigger({ name: 'follow', kind: 'workflow', dedup: { scope: 'off' }, ...given });
  const settle = (): Promise<void> => h().kit.clock.settle();

  /** An end that the trigger is to follow. */
  const end = async (context: object = {}): Promise<FollowUp> => {
    declare('follow');
    serve();
    await h().fire(h().trigger({ dedup: { scope: 'off' } }), context);
    await settle();
    // What follows is no circle of this test.
    declare();
    return due.at(-1) as FollowUp;
  };

  beforeEach(() => void due.splice(0));

  describe('are known by their workflow', () => {
    it('with those who follow them here and elsewhere, and whether this node does it', async () => {
      expect(h().node.store.commits.followers).toBeNull();
      await declareElsewhere('there', { workflow: 'plain', on: ['failed'] });
      await ends().learn();
      const there = { trigger: 'there', on: ['failed'], isHere: false };
      const here = (isHere: boolean) => ({ trigger: 'follow', on: ON_PLAIN.on, isHere });
      expect([ends().of('plain'), ends().of('checked')]).toEqual([[there], []]);
      declare('follow');
      expect([ends().of('plain'), ends().isServing]).toEqual([[there, here(false)], false]);
      serve();
      expect([ends().of('plain'), ends().isServing]).toEqual([[there, here(true)], true]);
      expect(h().node.store.commits.followers).toBe(ends());
      ends().serve(null);
      expect([ends().of('plain'), ends().isServing]).toEqual([[there, here(false)], false]);
    });

    it('as this process says where others say it otherwise', async () => {
      await declareElsewhere('follow', { workflow: 'checked', on: ['failed'] });
      await ends().learn();
      declare('follow');
      expect(ends().of('plain')).toMatchObject([{ trigger: 'follow' }]);
      expect(ends().of('checked')).toEqual([]);
    });

    it('by nobody where no trigger follows anything', () => {
      declare('follow');
      declare();
      expect(h().node.store.commits.followers).toBeNull();
    });
  });

  it('are told to the other nodes by the names that this process declares', async () => {
    await declareElsewhere('there', ON_PLAIN);
    await ends().learn();
    declare('follow');
    const tell = jest.spyOn(h().node.store.notices, 'tell');
    ends().announce();
    expect(tell.mock.calls).toEqual([[{ about: 'trigger', name: 'follow' }]]);
  });

  it('are told to nobody who does not serve', () => {
    const followUp = { id: newId<FollowUpId>(), executionId: newId<ExecutionId>(), trigger: 'follow' };
    ends().due([followUp]);
    serve();
    ends().due([followUp]);
    ends().serve(null);
    ends().due([followUp]);
    expect(due).toEqual([followUp]);
  });

  it('are found where nobody has done them, by those that declare their trigger', async () => {
    const followUp = await end();
    declare('follow');
    expect(await ends().orphaned()).toEqual([]);
    await h().kit.clock.advance(6_000);
    expect(await ends().orphaned()).toEqual([followUp]);
    declare('other');
    expect(await ends().orphaned()).toEqual([]);
  });

  describe('are read', () => {
    it('with what the execution was given and has made of it', async () => {
      behaviour.run = (context) => void context.set('made', 2);
      const followUp = await end({ n: 1 });
      const [execution] = await h().node.rows('execution');
      expect(await ends().read(followUp)).toEqual({
        executionId: execution?.['id'],
        workflow: 'plain',
        state: 'completed',
        error: null,
        finishedAt: new Date(h().kit.clock.now()),
        input: { n: 1 },
        result: { n: 1, made: 2 },
        trigger: 'inbox',
        depth: 0,
        enabledOverride: null,
      });
    });

    it('with the error of the task that failed', async () => {
      behaviour.run = () => {
        throw new RangeError('broken');
      };
      const error = { task: 'only', name: 'RangeError', message: 'broken' };
      expect(await ends().read(await end())).toMatchObject({ state: 'failed', error });
    });

    it.each([true, false])('with the switch that an operator has set to %s', async (enabled) => {
      await h().node.store.change(() => declareTriggers([{ name: 'follow', kind: 'workflow', aliases: [] }]));
      const by = { by: null, reason: null, address: null };
      await h().node.get(TriggerControl).override('follow', { enabled }, by);
      expect((await ends().read(await end()))?.enabledOverride).toBe(enabled);
    });

    it('no more when they were followed', async () => {
      const followUp = await end();
      const read = (await ends().read(followUp)) as ReadEnd;
      await ends().follow(followUp, follower(), read, { kind: 'filtered', context: {}, reason: 'no' });
      expect(await ends().read(followUp)).toBeNull();
    });
  });

  describe('are followed', () => {
    const OF = { executionId: newId<ExecutionId>(), depth: 3 };
    const fired = async (): Promise<unknown[]> =>
      (await h().node.rows('firing'))
        .filter(({ trigger }) => trigger === 'follow')
        .map(({ state, reason, context, depth, caused_by: cause }) => ({ state, reason, context, depth, cause }));
    const FOLLOWING = { depth: 4, cause: OF.executionId };
    const counts = async (): Promise<number[]> => {
      await h().kit.clock.advance(1_000);
      const row = (await rowsOf(h().node.store, 'trigger')).find(({ name }) => name === 'follow');
      return [Number(row?.['fires']), Number(row?.['duplicates'])];
    };

    it('by everything that the trigger fires, each judged and counted by itself, one level deeper', async () => {
      await declareElsewhere('follow', ON_PLAIN);
      const trigger = follower({ dedup: { scope: 'ever' } });
      const items = [...[1, 1, 1].map((n) => ({ context: { n } })), { context: { n: 2n } }];
      const outcomes = await ends().follow(await end(), trigger, OF, { kind: 'fire', items });
      expect(outcomes).toMatchObject([
        { status: 'accepted' },
        { status: 'duplicate', firingId: outcomes?.[0]?.firingId },
        { status: 'duplicate', firingId: outcomes?.[0]?.firingId },
        { status: 'dead', reason: expect.stringContaining('bigint') as unknown },
      ]);
      expect(await fired()).toMatchObject([
        { ...FOLLOWING, state: 'accepted', context: '{"n":1}' },
        { ...FOLLOWING, state: 'dead' },
      ]);
      await settle();
      expect(ran).toEqual([{}, { n: 1 }]);
      expect(await counts()).toEqual([1, 2]);
    });

    it.each<FollowedBy>([
      { kind: 'filtered', context: { n: 1 }, reason: 'not on Sundays' },
      { kind: 'dead', context: { n: 1 }, reason: 'the method threw' },
    ])('by a record where nothing is fired: %j', async (by) => {
      const { kind: state, reason } = by as { kind: string; reason: string };
      await ends().follow(await end(), follower(), OF, by);
      expect(await fired()).toEqual([{ ...FOLLOWING, state, reason, context: '{"n":1}' }]);
    });

    it('once: whoever comes second changes nothing, nor does a trigger that is disabled', async () => {
      const fire: FollowedBy = { kind: 'fire', items: [{}] };
      const [first, second] = [await end(), await end()];
      expect(await ends().follow(first, follower(), OF, fire)).toHaveLength(1);
      expect(await ends().follow(first, follower(), OF, fire)).toBeNull();
      expect(await ends().follow(second, follower({ enabled: false }), OF, fire)).toBeNull();
      expect(await ends().read(second)).toBeNull();
      expect(await fired()).toHaveLength(1);
      await settle();
    });
  });
});
