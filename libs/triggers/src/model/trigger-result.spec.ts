import { TriggerResult } from './trigger-result.js';

describe('TriggerResult', () => {
  // Cloacina case 1, Cloacina case 109
  it.each([
    ['a skip', TriggerResult.skip(), { fires: false, items: [], reason: null }],
    ['a skip with its reason', TriggerResult.skip('empty'), { fires: false, items: [], reason: 'empty' }],
    ['a fire without a context', TriggerResult.fire(), { fires: true, items: [{ context: undefined }], reason: null }],
    ['a fire', TriggerResult.fire({ a: 1 }), { fires: true, items: [{ context: { a: 1 } }], reason: null }],
    ['a fire of nothing', TriggerResult.fireMany([]), { fires: true, items: [], reason: null }],
  ])('tells what it is, what fires and why nothing does: %s', (_what, result, { fires, items, reason }) => {
    expect([result.isFire(), result.isSkip()]).toEqual([fires, !fires]);
    expect(result).toMatchObject({ kind: fires ? 'fire' : 'skip', items, reason });
    expect(TriggerResult.isResult(result)).toBe(true);
  });

  it.each([true, undefined, null, 'fire', {}, { kind: 'fire', items: [] }])('is not %j', (other) => {
    expect(TriggerResult.isResult(other)).toBe(false);
  });
});
