import { MAX_DEPTH, causedBy } from '../model/causation.js';
import { newId } from '../model/ids.js';
import type { ExecutionId } from '../model/ids.js';
import { DATABASES } from '../engine/engine.contract.js';
import { HELD_BATCH } from '../store/held.repository.js';
import { EventBus } from '../model/events.js';
import type { TriggersEvent } from '../model/events.js';
import type { FireOutcome } from './fire.types.js';
import { TriggersError } from '../model/errors.js';
import { HeldReleaser } from './held-releaser.service.js';
import { ran, useIntake } from './intake.contract.js';
import { TriggerControl } from './trigger-control.service.js';
import type { TriggerDefinition } from './trigger.definition.js';

const BY_OPS = { by: 'ops', reason: null, address: null };

describe.each(DATABASES)('HeldReleaser on %s', (database) => {
  const h = useIntake(database);
  const hold = (trigger: TriggerDefinition, context: object): Promise<FireOutcome> =>
    h().intake.fire({ trigger, context, whenDisabled: 'hold' });
  const enable = async (on: boolean | null): Promise<void> => {
    await h().node.get(TriggerControl).override('inbox', { enabled: on }, BY_OPS);
    await h().node.get(HeldReleaser).runOnce();
    await h().kit.clock.settle();
  };
  const webhook = (given: Parameters<ReturnType<typeof h>['trigger']>[0] = {}): TriggerDefinition =>
    h().trigger({ kind: 'webhook', ...given });

  it('starts what was held in the order in which it came, as soon as an operator enables the trigger', async () => {
    const trigger = webhook();
    await enable(false);
    for (const at of [1, 2, 3]) expect(await hold(trigger, { at })).toMatchObject({ status: 'held', executionIds: [] });
    expect(ran).toEqual([]);
    await enable(true);
    expect(ran).toEqual([{ at: 1 }, { at: 2 }, { at: 3 }]);
    expect((await h().node.rows('firing')).map(({ state }) => state)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it('starts what comes while it is at work after what was held before', async () => {
    const trigger = webhook();
    await enable(false);
    for (let at = 0; at < HELD_BATCH + 1; at += 1) await hold(trigger, { at });
    const late: Promise<FireOutcome>[] = [];
    h()
      .node.get(EventBus)
      .subscribe(({ name }) => {
        if (name === 'firing.accepted' && late.length === 0) late.push(hold(trigger, { at: 'late' }));
      });
    await enable(true);
    expect((await Promise.all(late))[0]).toMatchObject({ status: 'held' });
    expect(ran).toHaveLength(HELD_BATCH + 2);
    expect(ran.at(-1)).toEqual({ at: 'late' });
  });

  it('leaves alone what is held by a trigger that is still disabled', async () => {
    const trigger = webhook({ enabled: false });
    await hold(trigger, {});
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(0);
    expect(ran).toEqual([]);
  });

  it.each(['webhook', 'message', 'entity'] as const)('releases what a trigger of the kind %s holds', async (kind) => {
    const trigger = webhook({ kind, enabled: false });
    await hold(trigger, {});
    webhook({ kind });
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(1);
    await h().kit.clock.settle();
    expect(ran).toHaveLength(1);
  });

  it('judges what was held by what had caused that, not by the task that enables its trigger', async () => {
    const trigger = webhook({ enabled: false });
    await hold(trigger, {});
    const last = { executionId: newId<ExecutionId>(), depth: MAX_DEPTH };
    await causedBy(last, () => h().node.get(TriggerControl).override('inbox', { enabled: true }, BY_OPS));
    await h().kit.clock.settle();
    expect(await h().node.rows('firing')).toMatchObject([{ state: 'accepted', depth: 0, caused_by: null }]);
    expect(ran).toHaveLength(1);
  });

  it('asks for nothing where no trigger holds anything', async () => {
    h().trigger({ kind: 'manual' });
    const look = jest.spyOn(h().node.store, 'look');
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(0);
    expect(look).not.toHaveBeenCalled();
  });

  it('leaves alone, and tells nobody of, what an operator switches off again meanwhile', async () => {
    const trigger = webhook({ enabled: false, dedup: { scope: 'off' } });
    await hold(trigger, { at: 1 });
    const control = h().node.get(TriggerControl);
    webhook({
      filter: async () => {
        await control.override('inbox', { enabled: false }, BY_OPS);
        return true;
      },
    });
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(0);
    expect(h().node.events.all.filter(({ name }) => name === 'firing.accepted')).toEqual([]);
    webhook();
    await enable(true);
    expect(ran).toEqual([{ at: 1 }]);
  });

  it('starts what was held no earlier than it was to start', async () => {
    const trigger = webhook({ enabled: false });
    const runAt = new Date(h().kit.clock.now() + 90_000);
    await h().intake.fire({ trigger, runAt, whenDisabled: 'hold' });
    webhook();
    await enable(null);
    await h().kit.clock.advance(89_000);
    expect(ran).toEqual([]);
    await h().kit.clock.advance(2_000);
    expect(ran).toHaveLength(1);
  });

  it('starts later what is more than the rate limit lets through: nobody sends it again', async () => {
    const limited = { rateLimit: { limit: 1, perMs: 60_000 }, onLimit: 'skip' } as const;
    const trigger = webhook({ ...limited, enabled: false });
    for (const at of [1, 2]) await hold(trigger, { at });
    webhook(limited);
    await enable(null);
    expect(ran).toEqual([{ at: 1 }]);
    await h().kit.clock.advance(60_000);
    expect(ran).toEqual([{ at: 1 }, { at: 2 }]);
  });

  it('answers a repeat of what is held as its duplicate, before and after the release', async () => {
    const trigger = webhook({ dedup: { scope: 'ever' } });
    await enable(false);
    const first = await hold(trigger, { id: 1 });
    expect(await hold(trigger, { id: 1 })).toMatchObject({
      status: 'duplicate',
      firingId: first.firingId,
      state: 'held',
    });
    await enable(true);
    expect(await hold(trigger, { id: 1 })).toMatchObject({ status: 'duplicate', state: 'accepted' });
    expect(ran).toHaveLength(1);
  });

  it('frees a running key when what was held has ended', async () => {
    const trigger = webhook();
    await enable(false);
    await hold(trigger, { id: 1 });
    await enable(true);
    expect(await hold(trigger, { id: 1 })).toMatchObject({ status: 'accepted' });
  });

  it('judges by what the code says now', async () => {
    const trigger = webhook({ enabled: false });
    await hold(trigger, { amount: 'much' });
    await hold(trigger, { amount: 5 });
    const told: TriggersEvent[] = [];
    h()
      .node.get(EventBus)
      .subscribe((event) => told.push(event));
    webhook({ workflow: 'checked' });
    await enable(null);
    expect(ran).toEqual([{ amount: 5 }]);
    expect((await h().node.rows('firing')).map(({ state }) => state)).toEqual(['rejected', 'accepted']);
    expect(told.map(({ name }) => name)).toEqual(expect.arrayContaining(['firing.rejected', 'firing.accepted']));
  });

  it('closes the dead letter of the delivery that what was held came in, as if it had been accepted at once', async () => {
    const trigger = webhook({ dedup: { scope: 'ever' } });
    const delivery = { key: 'evt_1', dedup: trigger.dedup };
    const letter = await h().intake.reject({ trigger, reason: 'no amount', dedupKey: 'evt_1', payload: '{}' });
    await enable(false);
    const held = await h().intake.fire({ trigger, dedupKey: 'order 7', delivery, whenDisabled: 'hold' });
    await enable(true);
    expect(await h().node.rows('firing')).toMatchObject([
      { id: letter.firingId, closed_by: held.firingId },
      { id: held.firingId, state: 'accepted' },
    ]);
  });

  it('closes the dead letter of its own key, as if it had been accepted at once', async () => {
    const trigger = webhook({ dedup: { scope: 'ever' } });
    const letter = await h().intake.reject({ trigger, reason: 'no amount', dedupKey: 'evt_1', payload: '{}' });
    await enable(false);
    const held = await h().intake.fire({ trigger, dedupKey: 'evt_1', whenDisabled: 'hold' });
    await enable(true);
    expect(await h().node.rows('firing')).toMatchObject([
      { id: letter.firingId, closed_by: held.firingId },
      { id: held.firingId, state: 'accepted' },
    ]);
  });

  it('tells everybody which executions a release has started', async () => {
    const trigger = webhook({ enabled: false });
    const { firingId } = await hold(trigger, {});
    webhook();
    await enable(null);
    const [execution] = await h().node.rows('execution');
    expect(h().node.events.all.filter(({ name }) => name === 'firing.accepted')).toMatchObject([
      { trigger: 'inbox', firingId, executionIds: [execution?.['id']] },
    ]);
  });

  it('starts what was held as urgently as it was fired', async () => {
    const trigger = webhook({ enabled: false, priority: 3 });
    await h().intake.fire({ trigger, whenDisabled: 'hold' });
    await h().intake.fire({ trigger, context: { n: 1 }, priority: 7, whenDisabled: 'hold' });
    webhook();
    await enable(null);
    expect((await h().node.rows('task')).map(({ priority }) => priority)).toEqual([3, 7]);
  });

  it('releases what one trigger holds although another one cannot be judged just now', async () => {
    const trigger = webhook({ enabled: false });
    const other = webhook({ enabled: false, name: 'other' });
    await hold(trigger, { at: 1 });
    await hold(other, { at: 2 });
    webhook({
      filter: () => {
        throw new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
      },
    });
    webhook({ name: 'other' });
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(1);
    await h().kit.clock.settle();
    expect(ran).toEqual([{ at: 2 }]);
    webhook();
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(1);
  });

  it('buries what breaks the check of its input, and releases what came behind it', async () => {
    const trigger = webhook({ enabled: false });
    await hold(trigger, { amount: 666 });
    await hold(trigger, { amount: 5 });
    const checked = webhook({ workflow: 'checked' });
    const [workflow] = checked.workflows;
    jest.spyOn(workflow?.input as { problems: (context: object) => unknown }, 'problems').mockImplementationOnce(() => {
      throw new Error('boom');
    });
    await enable(null);
    expect(ran).toEqual([{ amount: 5 }]);
    expect((await h().node.rows('firing')).map(({ state }) => state)).toEqual(['dead', 'accepted']);
  });

  it('tries again when the database did not answer', async () => {
    const trigger = webhook({ enabled: false });
    await hold(trigger, {});
    webhook();
    const look = jest.spyOn(h().node.store, 'look').mockRejectedValueOnce(new Error('away'));
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(0);
    look.mockRestore();
    expect(await h().node.get(HeldReleaser).runOnce()).toBe(1);
  });
});
