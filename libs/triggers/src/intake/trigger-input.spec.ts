import { TriggersError } from '../model/errors.js';
import type { InputCheck } from './trigger-input.js';
import { judgeInput } from './trigger-input.js';

class Month {
  constructor(readonly month: unknown) {}
}

const check = (problems: InputCheck['problems'] = () => []): InputCheck => ({
  instancesOf: Month,
  jsonSchema: () => null,
  problems,
});

describe('what somebody sends to a trigger', () => {
  const trigger = { name: 'inbox', bigNumbers: null };
  const judge = (input: unknown, declared: InputCheck | null, bigNumbers: 'string' | null = null) =>
    judgeInput({ ...trigger, bigNumbers }, declared, input);

  it('is as it is after JSON, also an instance of the class that is declared', async () => {
    const seen: unknown[] = [];
    const told = check(async (value) => (seen.push(value), []));
    const judged = { value: { month: '2026-01-01T00:00:00.000Z' }, json: '{"month":"2026-01-01T00:00:00.000Z"}' };
    expect(await judge(new Month(new Date('2026-01-01T00:00:00Z')), told)).toEqual(judged);
    expect(seen).toEqual([judged.value]);
  });

  it('keeps the rules of every context where nothing is declared', async () => {
    expect(await judge({ month: 1 }, null)).toEqual({ value: { month: 1 }, json: '{"month":1}' });
    const message = expect.stringContaining('Trigger "inbox": the input') as unknown;
    await expect(judge(new Month(1), null)).rejects.toMatchObject({ code: 'TRG_CONTEXT_NOT_JSON', message });
    await expect(judge({ month: 1n }, null)).rejects.toMatchObject({ code: 'TRG_CONTEXT_BIG_NUMBER', message });
    expect(await judge({ month: 2n ** 60n }, null, 'string')).toMatchObject({
      json: '{"month":"1152921504606846976"}',
    });
  });

  it('is refused with everything that is wrong with it', async () => {
    const fields = ['month: must be a text', 'year: is missing'];
    await expect(
      judge(
        {},
        check(() => fields),
      ),
    ).rejects.toMatchObject({
      code: 'TRG_CONTEXT_SCHEMA',
      message: expect.stringContaining(`${fields[0]}; ${fields[1]}`),
      details: { fields },
    });
  });

  it('is refused where its check throws, unless that says itself what is to be done', async () => {
    const broken = judge(
      {},
      check(() => Promise.reject(new Error('boom'))),
    );
    await expect(broken).rejects.toMatchObject({
      code: 'TRG_CONTEXT_SCHEMA',
      message: 'Trigger "inbox": the input: its check threw: boom',
      cause: new Error('boom'),
    });
    const away = new TriggersError('TRG_STORE_UNAVAILABLE', 'away');
    await expect(
      judge(
        {},
        check(() => Promise.reject(away)),
      ),
    ).rejects.toBe(away);
  });
});
