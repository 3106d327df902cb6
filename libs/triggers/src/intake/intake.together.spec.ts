import { DATABASES, gate } from '../engine/engine.contract.js';
import { TriggersError } from '../model/errors.js';
import { rowsOf } from '../store/contract/kit.contract.js';
import { TransactionFailure } from '../store/dialects/dialect.js';
import type { FireOutcome, FireRequest, RejectRequest } from './fire.types.js';
import { ran, useIntake } from './intake.contract.js';
import type { TriggerDefinition } from './trigger.definition.js';

const DEADLINE_MS = 2_000;

describe.each(DATABASES)('what came together, on %s', (database) => {
  const h = useIntake(database);
  const letterOf = jest.fn<RejectRequest, [at: number, error: TriggersError]>();
  const webhook = (given: Partial<TriggerDefinition> = {}): TriggerDefinition =>
    h().trigger({ kind: 'webhook', ...given });
  const fire = async (requests: readonly FireRequest[]): Promise<readonly FireOutcome[]> =>
    h().intake.commitTogether(await h().intake.judgeTogether(requests, letterOf), DEADLINE_MS);
  const counts = async (): Promise<number[]> => {
    await h().kit.clock.advance(1_000);
    const [row] = await rowsOf(h().node.store, 'trigger');
    return [Number(row?.['fires']), Number(row?.['duplicates'])];
  };

  beforeEach(() => void letterOf.mockReset());

  it('fires each by itself, in its order, and counts each', async () => {
    const trigger = webhook({ dedup: { scope: 'ever' } });
    const { firingId } = await h().fire(trigger, { n: 2 });
    const outcomes = await fire([1, 2, 3].map((n) => ({ trigger, context: { n } })));
    expect(outcomes).toMatchObject([
      { status: 'accepted', of: null },
      { status: 'duplicate', of: 'dedup', firingId },
      { status: 'accepted', of: null },
    ]);
    await h().kit.clock.settle();
    expect(ran).toEqual([{ n: 2 }, { n: 1 }, { n: 3 }]);
    expect(await counts()).toEqual([3, 1]);
    expect(letterOf).not.toHaveBeenCalled();
  });

  it('keeps a letter of what cannot be taken, counts no repeat of that, and fires the others', async () => {
    const trigger = webhook({ dedup: { scope: 'off' } });
    letterOf.mockImplementation((at, { code }) => ({
      trigger,
      reason: `${at} ${code}`,
      dedupKey: 'evt_1',
      payload: '{}',
    }));
    const send = () => fire([{ trigger }, { trigger, context: { n: 1n } }, { trigger }]);
    const first = await send();
    expect(first.map(({ status, reason }) => [status, reason])).toEqual([
      ['accepted', null],
      ['rejected', '1 TRG_CONTEXT_BIG_NUMBER'],
      ['accepted', null],
    ]);
    expect((await send())[1]).toMatchObject({ status: 'duplicate', of: 'letter', firingId: first[1]?.firingId });
    expect(await counts()).toEqual([4, 0]);
  });

  it('is refused as a whole where the code of the trigger cannot be asked', async () => {
    const error = new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
    const trigger = webhook({ filter: () => Promise.reject(error) });
    await expect(fire([{ trigger }])).rejects.toBe(error);
    expect(letterOf).not.toHaveBeenCalled();
  });

  it('leaves nothing to be fired behind where the rate limit takes not all of it', async () => {
    const trigger = webhook({ dedup: { scope: 'off' }, rateLimit: { limit: 2, perMs: 60_000 } });
    expect(await fire([{ trigger }])).toMatchObject([{ status: 'accepted' }]);
    const limited = { status: 'limited', state: 'limited', reason: 'rate limit', executionIds: [] };
    expect(await fire([{ trigger }, { trigger }])).toMatchObject([limited, limited]);
    await h().kit.clock.settle();
    expect(ran).toHaveLength(1);
  });

  describe('while a commit hangs', () => {
    const ASKS: [string, (trigger: TriggerDefinition, deadlineMs?: number) => Promise<unknown>][] = [
      ['fires', (trigger, deadlineMs) => h().intake.fire({ trigger, deadlineMs })],
      ['rejects', (trigger, deadlineMs) => h().intake.reject({ trigger, reason: 'no', payload: '{}', deadlineMs })],
      ['skips', (trigger, deadlineMs) => h().intake.skip({ trigger, reason: 'not for us', deadlineMs })],
      ['fires together', async (trigger) => fire([{ trigger }])],
    ];

    it.each(ASKS)('answers whoever %s at the deadline, and not before', async (_what, ask) => {
      const slow = gate();
      const { dialect } = h().node.store;
      const transaction = dialect.transaction.bind(dialect);
      const hanging = jest.spyOn(dialect, 'transaction').mockImplementation(async (work) => {
        await slow.opened;
        return transaction(work);
      });
      const told = jest.fn();
      const asked = ask(webhook(), DEADLINE_MS).catch(told);
      await h().kit.clock.advance(DEADLINE_MS - 1);
      expect(told).not.toHaveBeenCalled();
      await h().kit.clock.advance(1);
      expect(told).toHaveBeenCalledWith(expect.objectContaining({ code: 'TRG_STORE_UNAVAILABLE' }));
      hanging.mockRestore();
      slow.open();
      await asked;
      await h().kit.clock.settle();
    });
  });

  it('is given up at the deadline of a database that is away: nothing of it is stored later', async () => {
    const away = jest
      .spyOn(h().node.store.dialect, 'transaction')
      .mockRejectedValue(new TransactionFailure('away', 'rolledBack', new Error('it is gone')));
    const refused = expect(fire([{ trigger: webhook() }])).rejects.toMatchObject({ code: 'TRG_STORE_UNAVAILABLE' });
    await h().kit.clock.advance(DEADLINE_MS);
    away.mockRestore();
    await h().kit.clock.advance(10_000);
    await refused;
    expect(await h().node.rows('firing')).toEqual([]);
  });

  it('is recorded with its reason where the trigger wants nothing of it', async () => {
    expect(await h().intake.skip({ trigger: webhook(), reason: 'not for us' })).toMatchObject({
      status: 'filtered',
      reason: 'not for us',
      executionIds: [],
    });
    expect(await h().node.rows('firing')).toMatchObject([{ state: 'filtered', reason: 'not for us', context: null }]);
  });
});
