import { TriggerResult } from '../../model/trigger-result.js';
import { readManualResult } from './manual-result.js';

const read = (returned: unknown) => readManualResult(returned, { month: '2026-11' }, 'Reports.monthly');

describe('what the method of a manual trigger returns', () => {
  it.each<[string, unknown, object]>([
    ['nothing fires the input', undefined, { kind: 'fire', item: { context: { month: '2026-11' } } }],
    ['an object is the context', { a: 1 }, { kind: 'fire', item: { context: { a: 1 } } }],
    ['a fire carries its options', TriggerResult.fire({ a: 1 }, { dedupKey: 'k', priority: 3 }), { kind: 'fire', item: { context: { a: 1 }, dedupKey: 'k', priority: 3 } }], // prettier-ignore
    ['one item is a fire', TriggerResult.fireMany([{ context: { a: 1 } }]), { kind: 'fire', item: { context: { a: 1 } } }], // prettier-ignore
    ['a skip has its reason', TriggerResult.skip('too late'), { kind: 'skip', reason: 'too late' }],
    ['no item is a skip', TriggerResult.fireMany([]), { kind: 'skip', reason: null }],
  ])('%s', (_title, returned, expected) => {
    expect(read(returned)).toEqual(expected);
  });

  it.each<[unknown, string]>([
    ['text', 'returned a string'],
    [true, 'returned a boolean'],
    [null, 'returned null'],
    [[{ a: 1 }], 'returned an array'],
    [TriggerResult.fireMany([{}, {}]), 'returned 2 items, but a fire by hand is one firing'],
  ])('%j is refused', (returned, message) => {
    expect(() => read(returned)).toThrow(
      expect.objectContaining({ code: 'TRG_MANUAL_RESULT', message: expect.stringContaining(`Reports.monthly ${message}`) }), // prettier-ignore
    );
  });
});
