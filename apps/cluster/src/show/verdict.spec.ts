import type { Effect } from './customer.js';
import type { Execution } from './ledger.client.js';
import { madeTogether, problemsOf, tasksByNode } from './verdict.js';

const effect = (name: string, over: Partial<Effect> = {}): Effect => ({
  key: `key of ${name}`,
  name,
  by: 'worker-1',
  ranBy: { read: 'worker-1', embed: 'worker-3' },
  ...over,
});
const execution = (name: string, state = 'completed'): Execution => ({ state, trigger: 'inbox', context: { name } });

const GOOD = { names: ['a', 'b'], effects: [effect('a'), effect('b')], executions: [execution('a'), execution('b')] };

describe('the verdict', () => {
  it.each([
    { what: 'nothing when each was done once', given: {}, problems: [] },
    { what: 'what was not delivered', given: { effects: [effect('a')] }, problems: ['b was delivered never'] },
    {
      what: 'what was delivered under two keys',
      given: { effects: [...GOOD.effects, effect('a', { key: 'another' })] },
      problems: ['a was delivered 2 times'],
    },
    {
      what: 'what was started twice',
      given: { executions: [...GOOD.executions, execution('b')] },
      problems: ['b was started 2 times'],
    },
    {
      what: 'what nobody brought',
      given: { effects: [...GOOD.effects, effect('x')], executions: [...GOOD.executions, execution('y')] },
      problems: ['x was never brought', 'y was never brought'],
    },
    {
      what: 'what did not end well',
      given: { executions: [execution('a'), execution('b', 'running')] },
      problems: ['b is running'],
    },
    {
      what: 'a task that ran outside of its pool',
      given: { effects: [effect('a'), effect('b', { ranBy: { embed: 'worker-1' } })] },
      problems: ['b was embedded without a GPU'],
    },
  ])('names $what', ({ given, problems }) => {
    expect(problemsOf({ ...GOOD, gpuNode: 'worker-3', ...given })).toEqual(problems);
  });

  it('counts tasks for who ran them, and the delivery for who made it first', () => {
    expect(tasksByNode([effect('a'), effect('b', { by: 'worker-3' })])).toEqual(
      new Map([
        ['worker-1', 3],
        ['worker-3', 3],
      ]),
    );
  });

  it('counts reports that more than one node made', () => {
    expect(madeTogether([effect('a'), effect('b', { ranBy: { read: 'worker-1' } })])).toBe(1);
  });
});
