import { TriggerResult } from './trigger-result.js';

const shown = (result: TriggerResult) => ({ ...result, isFire: result.isFire(), isSkip: result.isSkip() });
const MARK = Symbol.for('nestjs-triggers:result');
const fires = { [MARK]: true, kind: 'fire', reason: null, more: false, isFire: true, isSkip: false };
const skips = { [MARK]: true, kind: 'skip', items: [], more: false, isFire: false, isSkip: true };

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

  it('fires one item with its options, and moves the cursor apart from it', () => {
    const runAt = new Date(0);
    const result = TriggerResult.fire({ file: 'a' }, { dedupKey: 'a', runAt, priority: 2, cursor: 7 });
    expect(shown(result)).toEqual({
      ...fires,
      items: [{ context: { file: 'a' }, dedupKey: 'a', runAt, priority: 2 }],
      cursor: 7,
    });
  });

  it('fires without a context', () => {
    expect(shown(TriggerResult.fire())).toEqual({ ...fires, items: [{ context: undefined }], cursor: undefined });
  });

  it('fires many, in their order, and says whether there is more', () => {
    const items = [{ context: { n: 1 } }, { context: { n: 2 }, dedupKey: '2' }];
    expect(shown(TriggerResult.fireMany(items))).toEqual({ ...fires, items, cursor: undefined });
    expect(shown(TriggerResult.fireMany(items, { cursor: 2, more: true }))).toEqual({
      ...fires,
      items,
      cursor: 2,
      more: true,
    });
  });

  it('skips with a reason and a cursor, or without', () => {
    expect(shown(TriggerResult.skip('empty', { cursor: 3 }))).toEqual({ ...skips, reason: 'empty', cursor: 3 });
    expect(shown(TriggerResult.skip())).toEqual({ ...skips, reason: null, cursor: undefined });
  });

  it.each<[string, unknown, boolean]>([
    ['a result', TriggerResult.skip(), true],
    ['a result of another copy of the package', { [MARK]: true }, true],
    ['what only looks like one', { kind: 'fire', items: [] }, false],
    ['null', null, false],
    ['undefined', undefined, false],
    ['a text', 'fire', false],
  ])('is told from %s', (_what, value, expected) => {
    expect(TriggerResult.isResult(value)).toBe(expected);
  });
});
