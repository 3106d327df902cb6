import type { ExecutionId } from '../../model/ids.js';
import type { EndState } from '../../model/states.js';
import { TriggerResult } from '../../model/trigger-result.js';
import { mappedEnd } from './mapped-end.js';
import type { WorkflowEnd } from './workflow-end.js';

function end(state: EndState): WorkflowEnd {
  const error = { task: 'send', name: 'Error', message: 'no' };
  return {
    executionId: 'e1' as ExecutionId,
    workflow: 'bill',
    state,
    result: { total: 3 },
    error: state === 'failed' ? error : null,
    input: {},
    trigger: null,
    finishedAt: new Date(0),
  };
}

const map = (returned: unknown, state: EndState = 'completed') => mappedEnd(returned, end(state), 'Bills.after');

describe('what follows an end', () => {
  it.each<[EndState, object]>([
    ['completed', { executionId: 'e1', state: 'completed', result: { total: 3 } }],
    ['failed', { executionId: 'e1', state: 'failed', error: { task: 'send', name: 'Error', message: 'no' } }],
    ['cancelled', { executionId: 'e1', state: 'cancelled' }],
  ])('of an execution that has %s is its state and what came of it, when nothing is returned', (state, context) => {
    expect(map(undefined, state)).toEqual({ kind: 'fire', items: [{ context }] });
    expect(map(null, state)).toEqual({ kind: 'fire', items: [{ context }] });
  });

  it('is a context that is returned', () => {
    expect(map({ n: 1 })).toEqual({ kind: 'fire', items: [{ context: { n: 1 } }] });
  });

  it('is what a result says', () => {
    const runAt = new Date(5);
    expect(map(TriggerResult.fire({ n: 1 }, { dedupKey: 'k', runAt }))).toEqual({
      kind: 'fire',
      items: [{ context: { n: 1 }, dedupKey: 'k', runAt }],
    });
    const items = [{ context: { n: 1 } }, { context: { n: 2 } }];
    expect(map(TriggerResult.fireMany(items))).toEqual({ kind: 'fire', items });
  });

  it.each([
    [TriggerResult.skip('too small'), 'too small'],
    [TriggerResult.skip(), 'skipped'],
  ])('is nothing after a skip, which is kept with its reason', (skip, reason) => {
    expect(map(skip)).toMatchObject({ kind: 'filtered', reason, context: { executionId: 'e1' } });
  });

  it.each([
    [[], 'returned an array.'],
    ['text', 'returned a string.'],
    [TriggerResult.fireMany(Array(1_001).fill({ context: {} })), 'fires 1001 items; at most 1000 follow one end.'],
    [TriggerResult.fireMany([undefined as never]), 'item 0 of fireMany is no object.'],
  ])('is a dead letter after anything else', (returned, reason) => {
    expect(map(returned)).toMatchObject({
      kind: 'dead',
      reason: expect.stringContaining(reason),
      context: { executionId: 'e1', state: 'completed', result: { total: 3 } },
    });
  });
});
