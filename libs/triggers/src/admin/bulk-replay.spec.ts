import { ForbiddenException } from '@nestjs/common';
import type { FireOutcome } from '../intake/fire.types.js';
import { TriggersError } from '../model/errors.js';
import { replayEach } from './bulk-replay.js';

const IDS = [...Array(70).keys()].map((n) => `letter-${n}`);
const accepted = { status: 'accepted', firingId: 'f', executionIds: [], reason: null } as unknown as FireOutcome;

/** Looks at letters the later the older they are, and throws what is said for some of them. */
function stepsWith(thrown: { readonly look?: Record<string, Error>; readonly fire?: Record<string, Error> } = {}) {
  const fired: string[] = [];
  const throwFor = (errors: Record<string, Error> = {}, id: string): void => {
    const error = errors[id];
    if (error !== undefined) throw error;
  };
  return {
    fired,
    look: async (id: string): Promise<string> => {
      for (let turn = IDS.length - IDS.indexOf(id); turn > 0; turn -= 1) await Promise.resolve();
      throwFor(thrown.look, id);
      return id;
    },
    fire: async (id: string): Promise<FireOutcome> => {
      throwFor(thrown.fire, id);
      fired.push(id);
      return accepted;
    },
  };
}

describe('many dead letters, replayed', () => {
  it('are fired in their order, however long it takes to look at one', async () => {
    const steps = stepsWith();
    expect(await replayEach(IDS, steps)).toMatchObject({ replayed: 70, failed: 0, untried: 0 });
    expect(steps.fired).toEqual(IDS);
  });

  it('do not hinder each other: what is thrown for one is its result', async () => {
    const steps = stepsWith({
      look: { 'letter-60': new Error('the password is hunter2'), 'letter-1': new ForbiddenException('not yours') },
      fire: { 'letter-2': new TriggersError('TRG_CONTEXT_SCHEMA', 'it does not fit') },
    });
    const { results, ...counts } = await replayEach(IDS, steps);
    expect(counts).toEqual({ replayed: 67, failed: 3, untried: 0 });
    expect(results.filter(({ status }) => status === 'failed')).toEqual([
      { id: 'letter-1', status: 'failed', code: 'TRG_API_FORBIDDEN', reason: 'not yours' },
      { id: 'letter-2', status: 'failed', code: 'TRG_CONTEXT_SCHEMA', reason: 'it does not fit' },
      {
        id: 'letter-60',
        status: 'failed',
        code: 'TRG_BUG_UNEXPECTED',
        reason: expect.not.stringContaining('hunter2') as unknown,
      },
    ]);
  });

  it.each(['look', 'fire'] as const)(
    'end where the database does not answer a %s, and tell what was done',
    async (step) => {
      const away = new TriggersError('TRG_STORE_UNAVAILABLE', 'the database does not answer');
      const steps = stepsWith({ [step]: { 'letter-55': away } });
      const { results, ...counts } = await replayEach(IDS, steps);
      expect(counts).toEqual({ replayed: 55, failed: 1, untried: 14 });
      expect(results.at(-1)).toMatchObject({ id: 'letter-55', code: 'TRG_STORE_UNAVAILABLE' });
      expect(steps.fired).toEqual(IDS.slice(0, 55));
    },
  );
});
