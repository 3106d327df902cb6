import { DATABASES } from '../engine/engine.contract.js';
import { useIntake } from './intake.contract.js';

const MINUTE_MS = 60_000;

describe.each(DATABASES)('what one firing may say otherwise, on %s', (database) => {
  const h = useIntake(database);

  it('takes another scope for its key than the trigger says', async () => {
    const trigger = h().trigger({ dedup: { scope: 'off' } });
    const fire = () =>
      h().intake.fire({ trigger, dedupKey: 'evt_1', dedup: { scope: 'window', windowMs: 5 * MINUTE_MS } });
    const first = await fire();
    await h().kit.clock.advance(4 * MINUTE_MS);
    expect(await fire()).toMatchObject({ status: 'duplicate', of: 'dedup', firingId: first.firingId });
    await h().kit.clock.advance(2 * MINUTE_MS);
    expect(await fire()).toMatchObject({ status: 'accepted', of: null });
  });

  it('spends tokens of a space of its own', async () => {
    const trigger = h().trigger({ dedup: { scope: 'off' }, rateLimit: { limit: 1, perMs: MINUTE_MS } });
    const fireAs = (user: string) =>
      h().intake.fire({ trigger, rate: { space: `inbox/${user}`, limit: 2, perMs: MINUTE_MS } });
    const states = [];
    for (const user of ['ann', 'ann', 'ann', 'bob']) states.push((await fireAs(user)).status);
    expect(states).toEqual(['accepted', 'accepted', 'limited', 'accepted']);
  });

  it('is answered with the first while its guard lasts, also where it says something else', async () => {
    const trigger = h().trigger({ dedup: { scope: 'off' } });
    const click = (n: number) =>
      h().intake.fire({ trigger, context: { n }, guard: { key: 'ann:{}', windowMs: 2_000 } });
    const first = await click(1);
    for (const n of [1, 2])
      expect(await click(n)).toMatchObject({ status: 'duplicate', of: 'idempotency', firingId: first.firingId });
    await h().kit.clock.advance(2_001);
    expect(await click(1)).toMatchObject({ status: 'accepted' });
  });

  it('starts nothing where its trigger is disabled and refuses', async () => {
    const trigger = h().trigger({ enabled: false });
    expect(await h().intake.fire({ trigger, whenDisabled: 'refuse' })).toMatchObject({
      status: 'refused',
      state: null,
      reason: 'trigger is disabled',
    });
    expect(await h().node.rows('firing')).toEqual([]);
  });

  it('is kept with its payload and origin when it is rejected', async () => {
    const trigger = h().trigger();
    const reject = () =>
      h().intake.reject({
        trigger,
        reason: 'the body is no JSON',
        dedupKey: 'evt_1',
        payload: '{',
        origin: { address: '10.0.0.1', size: 1 },
      });
    const first = await reject();
    expect(first).toMatchObject({ status: 'rejected', state: 'rejected', reason: 'the body is no JSON' });
    expect(await reject()).toMatchObject({ status: 'duplicate', of: 'letter', firingId: first.firingId });
    await h().kit.clock.advance(2_000);
    expect(await h().node.rows('firing')).toMatchObject([
      { state: 'rejected', context: null, payload: '{', origin: '{"address":"10.0.0.1","size":1}', duplicates: 1 },
    ]);
  });

  it('closes the dead letter of its key when it is accepted', async () => {
    const trigger = h().trigger();
    await h().intake.reject({ trigger, reason: 'no amount', dedupKey: 'evt_1', payload: '{}' });
    const { firingId } = await h().intake.fire({ trigger, dedupKey: 'evt_1' });
    expect((await h().node.rows('firing')).find(({ state }) => state === 'rejected')).toMatchObject({
      closed_by: firingId,
    });
  });
});
