import { gate } from '../engine/engine.contract.js';
import type { Row } from '../store/dialects/batch.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import { AuditService } from './audit.service.js';
import { HeldReleaser } from './held-releaser.service.js';
import { behaviour, useIntake } from './intake.contract.js';
import { plainTrigger } from './plain-trigger.contract.js';
import { PollIntake } from './poll-intake.js';
import { TriggerControl } from './trigger-control.service.js';
import type { ChangedBy } from './trigger-control.service.js';

describe('what operators do to triggers', () => {
  const h = useIntake('sqlite');
  const ann: ChangedBy = { by: 'ann', reason: 'too\u0007 loud', address: '::1' };
  const control = (): TriggerControl => h().node.get(TriggerControl);
  const row = async (name = 'inbox'): Promise<Row | undefined> =>
    (await rowsOf(h().node.store, 'trigger')).find((stored) => stored['name'] === name);
  const audit = (): Promise<readonly Row[]> => rowsOf(h().node.store, 'audit');
  const told = (): object[] => h().node.events.all.filter(({ name }) => name === 'trigger.changed');

  it('is one commit with its record, which says who, why and from where', async () => {
    await control().override('inbox', { enabled: false, intervalMs: 90_000 }, ann);
    expect(await row()).toMatchObject({ enabled_override: 0, interval_override_ms: 90_000 });
    expect(await audit()).toMatchObject([
      {
        actor: 'ann',
        action: 'trigger.override',
        target: 'inbox',
        reason: 'too loud',
        address: '::1',
        details: '{"enabled":false,"intervalMs":90000}',
      },
    ]);
    expect(told()).toMatchObject([{ trigger: 'inbox', by: 'ann', change: 'disabled, interval 90s' }]);
  });

  it('goes back to the code with null, and leaves alone what it is not given', async () => {
    await control().override('inbox', { enabled: true, intervalMs: 5_000 }, ann);
    await control().override('inbox', { intervalMs: null }, ann);
    expect(await row()).toMatchObject({ enabled_override: 1, interval_override_ms: null });
    await control().override('inbox', { intervalMs: 7_000 }, ann);
    await control().override('inbox', { enabled: null }, ann);
    expect(await row()).toMatchObject({ enabled_override: null, interval_override_ms: 7_000 });
    expect(told()).toMatchObject([
      { change: 'enabled, interval 5s' },
      { change: 'interval reset' },
      { change: 'interval 7s' },
      { change: 'switch reset' },
    ]);
    expect((await audit()).map(({ details }) => details)).toEqual([
      '{"enabled":true,"intervalMs":5000}',
      '{"intervalMs":null}',
      '{"intervalMs":7000}',
      '{"enabled":null}',
    ]);
  });

  it('releases what was held with the switch, and with nothing else', async () => {
    const release = jest.spyOn(h().node.get(HeldReleaser), 'runOnce');
    await control().override('inbox', { intervalMs: 7_000 }, ann);
    expect(release).not.toHaveBeenCalled();
    await control().override('inbox', { enabled: null }, ann);
    expect(release).toHaveBeenCalledTimes(1);
    await h().kit.clock.settle();
  });

  it.each<[string, boolean | undefined, (boolean | null)[], string | null]>([
    ['start anew where the code had switched it off', false, [true], null],
    ['go on where it was on', true, [true], '"tick"'],
    ['go on where only another process declares it', undefined, [true], '"tick"'],
    ['start anew where an operator had switched it off', undefined, [false, true], null],
    ['start anew where an operator leaves it to the code again', undefined, [false, null], null],
  ])('lets the clock of a schedule %s', async (_what, enabled, switches, cursor) => {
    await control().declare([plainTrigger({ name: 'nightly', kind: 'schedule' })]);
    if (enabled !== undefined) h().trigger({ name: 'nightly', kind: 'schedule', enabled });
    await control().setCursor('nightly', 'tick', ann);
    for (const on of switches) await control().override('nightly', { enabled: on }, ann);
    expect(await row('nightly')).toMatchObject({ kind: 'schedule', cursor });
    await h().kit.clock.settle();
  });

  it('may be the doing of the program itself', async () => {
    await control().override('inbox', { enabled: true }, { by: null, reason: null, address: null });
    expect(await audit()).toMatchObject([{ actor: 'program', reason: null, address: null }]);
    expect(told()).toMatchObject([{ by: null }]);
  });

  it('makes the row of a declared trigger that was never polled', async () => {
    h().trigger({ name: 'fresh' });
    await control().override('fresh', { enabled: false }, ann);
    expect(await row('fresh')).toMatchObject({ kind: 'manual', enabled_override: 0 });
  });

  it.each<[unknown, string | null, number]>([
    [{ after: 'ü' }, '{"after":"ü"}', 14],
    [0, '0', 1],
    [null, null, 0],
    [undefined, null, 0],
  ])('sets the cursor %j and records no more than its size', async (cursor, stored, bytes) => {
    const before = Number((await row())?.['cursor_version']);
    await control().setCursor('inbox', 7, ann);
    await control().setCursor('inbox', cursor, ann);
    expect(await row()).toMatchObject({ cursor: stored, cursor_version: before + 2 });
    const [, record] = await audit();
    expect(record).toMatchObject({ action: 'trigger.setCursor', details: JSON.stringify({ bytes }) });
    expect(told().at(-1)).toMatchObject({ change: 'cursor edited' });
  });

  it('refuses a cursor that cannot be stored, and says whose', async () => {
    const edit = async (): Promise<void> => control().setCursor('inbox', 1n, ann);
    await expect(edit()).rejects.toMatchObject({
      code: 'TRG_POLL_CURSOR',
      message: expect.stringContaining('Trigger "inbox"'),
    });
    expect([await audit(), told()]).toEqual([[], []]);
  });

  it('ends a suspension', async () => {
    const polls = h().node.get(PollIntake);
    const [stored] = await polls.acquire(['inbox']);
    await polls.commit({
      trigger: 'inbox',
      epoch: stored?.epoch ?? -1,
      cursorVersion: 0,
      declaredEnabled: true,
      cursor: undefined,
      drafts: [],
      counts: { polls: 1, skips: 0, duplicates: 0, failures: 1 },
      consecutiveFailures: 20,
      lastError: 'broken',
      suspends: true,
      lastPollAgoMs: 0,
      ticks: [],
      flush: true,
    });
    expect((await row())?.['suspended_at']).not.toBeNull();
    await control().resume('inbox', ann);
    expect(await row()).toMatchObject({ suspended_at: null, consecutive_failures: 0 });
    expect(await audit()).toMatchObject([{ action: 'trigger.resume', details: null }]);
    expect(told()).toMatchObject([{ change: 'resumed' }]);
  });

  it('forgets a trigger with its keys', async () => {
    const working = gate();
    behaviour.run = () => working.opened;
    await h().fire(h().trigger(), { a: 1 });
    expect(await rowsOf(h().node.store, 'dedup')).toHaveLength(1);
    h().undeclare('inbox');
    await control().forget('inbox', ann);
    expect([await row(), await rowsOf(h().node.store, 'dedup')]).toEqual([undefined, []]);
    expect(await audit()).toMatchObject([{ action: 'trigger.forget', target: 'inbox', details: null }]);
    expect(told()).toMatchObject([{ change: 'deleted' }]);
    working.open();
    await h().kit.clock.settle();
  });
});

describe('AuditService', () => {
  const h = useIntake('sqlite');

  it.each([
    ['be\u0007cause', 'because'],
    [null, null],
  ])('keeps the reason %j as %j', async (reason, stored) => {
    const record = { actor: 'ann', action: 'execution.cancel', target: 'e', address: null, details: { a: 1 } };
    await h()
      .node.get(AuditService)
      .record({ ...record, reason });
    expect(await rowsOf(h().node.store, 'audit')).toMatchObject([{ ...record, reason: stored, details: '{"a":1}' }]);
  });
});
