import { DATABASES } from '../engine/engine.contract.js';
import { TransactionFailure } from '../store/dialects/dialect.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import type { Row } from '../store/dialects/batch.js';
import { MAX_DEDUP_KEY } from './dedup-key.js';
import { useIntake } from './intake.contract.js';
import { MessageIntake } from './message-intake.service.js';
import { TriggerControl } from './trigger-control.service.js';

describe.each(DATABASES)('what message triggers ask of the store, on %s', (database) => {
  const h = useIntake(database);
  const messages = (): MessageIntake => h().node.get(MessageIntake);
  const trigger = async (): Promise<Row | undefined> => (await rowsOf(h().node.store, 'trigger'))[0];
  const failures = async (): Promise<unknown[]> =>
    (await rowsOf(h().node.store, 'delivery', 'trigger, message')).map((row) => [
      ...[row['trigger'], row['message'], row['failures'], row['reason']],
    ]);

  it('is who is switched on: an operator goes before the code, which says it of those without a row', async () => {
    const triggers = [
      h().trigger({ enabled: false }),
      h().trigger({ name: 'on', enabled: true }),
      h().trigger({ name: 'off', enabled: false }),
      h().trigger({ name: 'switched off', enabled: true }),
    ];
    const by = { by: null, reason: null, address: null };
    await h().node.get(TriggerControl).override('inbox', { enabled: true }, by);
    await h().node.get(TriggerControl).override('switched off', { enabled: false }, by);
    expect([...(await messages().enabledOf(triggers))]).toEqual(['inbox', 'on']);
  });

  it('is how often a message has failed: by its identity, for each trigger', async () => {
    const fail = (name: string, identity: string) => messages().countFailure(name, identity, 'no\u0007 stock');
    expect([await fail('inbox', 'm\u00071'), await fail('inbox', 'm\u00071')]).toEqual([1, 2]);
    expect([await fail('inbox', 'm2'), await fail('mail', 'm2')]).toEqual([1, 1]);
    expect(await failures()).toEqual([
      ['inbox', 'm1', 2, 'no stock'],
      ['inbox', 'm2', 1, 'no stock'],
      ['mail', 'm2', 1, 'no stock'],
    ]);
    await messages().forgetFailures('inbox', 'm2');
    expect(await failures()).toMatchObject([{ 0: 'inbox', 1: 'm1' }, { 0: 'mail' }]);
    expect(await fail('inbox', 'm2')).toBe(1);
    await h().kit.clock.advance(1_000);
    expect(Number((await trigger())?.['failures'])).toBe(4);
  });

  it('refuses what cannot identify a message, and says of which trigger', async () => {
    await expect(messages().countFailure('inbox', 'x'.repeat(MAX_DEDUP_KEY + 1), 'bad')).rejects.toMatchObject({
      code: 'TRG_DEDUP_KEY',
      message: expect.stringContaining('Trigger "inbox"'),
    });
  });

  it('shows what a trigger listens to as out of reach, until it is back', async () => {
    await messages().setFailing('inbox', 'connection refused');
    expect(await trigger()).toMatchObject({ last_error: 'connection refused' });
    await messages().setFailing('inbox', null);
    expect(await trigger()).toMatchObject({ last_error: null });
  });

  it('waits for the database where it counts, and nowhere else', async () => {
    const { store } = h().node;
    const away = jest
      .spyOn(store.dialect, 'transaction')
      .mockRejectedValue(new TransactionFailure('away', 'rolledBack', new Error('it is gone')));
    const counting = messages().countFailure('inbox', 'm1', 'bad');
    await h().kit.clock.advance(30_000);
    expect(messages().isStoreAway).toBe(true);
    const hints = [messages().forgetFailures('inbox', 'm1'), messages().setFailing('inbox', 'gone')];
    await h().kit.clock.advance(30_000);
    await Promise.all(hints);
    away.mockRestore();
    await h().kit.clock.advance(10_000);
    expect([await counting, messages().isStoreAway]).toEqual([1, false]);
  });
});
