import { newId } from '../model/ids.js';
import type { FiringId } from '../model/ids.js';
import { FIRING } from '../store/commits/firing.commit.js';
import { recordAudit } from '../store/audit.repository.js';
import { draftOf } from '../store/contract/work.contract.js';
import { DATABASES, useEngineKit } from './engine.contract.js';
import { BATCH, Pruner } from './pruner.service.js';

const DAY_MS = 86_400_000;

describe.each(DATABASES)('the pruner on %s', (database) => {
  const kit = useEngineKit(database);

  it('deletes history after its retention, by itself, in batches, and keeps what failed longer', async () => {
    kit().clock.set(new Date());
    const node = await kit().boot([], { retention: { completed: '30d', failed: '90d' } });
    const fire = (state: 'filtered' | 'dead', id = newId<FiringId>()) =>
      node.store.commits.submit(FIRING, draftOf({ id, state }));
    await Promise.all([...Array.from({ length: 150 }, () => fire('filtered')), fire('dead')]);
    await kit().clock.advance(60_000);
    expect(await node.rows('firing')).toHaveLength(151);
    kit().clock.set(new Date(kit().clock.now() + 31 * DAY_MS));
    await fire('filtered', newId<FiringId>());
    await kit().clock.advance(60_000);
    expect((await node.rows('firing')).map((row) => row['state'])).toEqual(['dead']);
  });

  it('looks again after an hour at what it has kept', async () => {
    // Nothing else runs: an hour passes at once.
    const node = await kit().boot([], { autostart: false, retention: { completed: '30d', failed: '90d' } });
    const pruner = node.get(Pruner);
    const whole = Array.from({ length: BATCH }, () => draftOf({ state: 'dead' }));
    for (const draft of [...whole, draftOf({ state: 'filtered' })]) void node.store.commits.submit(FIRING, draft);
    await node.store.commits.whenIdle();
    kit().clock.set(new Date(Date.now() + 31 * DAY_MS));
    expect(await pruner.runOnce()).toMatchObject({ firings: 1 });
    kit().clock.set(new Date(kit().clock.now() + 60 * DAY_MS));
    await kit().clock.advance(3_000_000);
    expect(await pruner.runOnce()).toMatchObject({ firings: 0 });
    await kit().clock.advance(700_000);
    expect(await pruner.runOnce()).toMatchObject({ firings: BATCH });
    expect(await node.rows('firing')).toEqual([]);
  });

  it('deletes the record of what operators did after a year', async () => {
    const node = await kit().boot([], { autostart: false });
    const record = {
      actor: 'ann',
      action: 'trigger.poll',
      target: 'inbox',
      reason: null,
      address: null,
      details: null,
    };
    await node.store.change(() => recordAudit(record));
    kit().clock.set(new Date(Date.now() + 364 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ audit: 0 });
    kit().clock.set(new Date(Date.now() + 366 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ audit: 1 });
  });

  it('deletes nothing where everything is kept for ever', async () => {
    const node = await kit().boot([], {
      retention: { completed: 'forever', failed: 'forever', skips: 'forever', audit: 'forever' },
    });
    await node.store.commits.submit(FIRING, draftOf({ state: 'dead' }));
    kit().clock.set(new Date(Date.now() + 10_000 * DAY_MS));
    expect(await node.get(Pruner).runOnce()).toMatchObject({ firings: 0, ticks: 0 });
  });
});
