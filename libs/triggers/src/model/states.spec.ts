import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import { ENDED_EXECUTION, EXECUTION_EDGES, TASK_EDGES, hasEnded, statesBefore } from './states.js';
import type { ExecutionState, TaskState } from './states.js';

type Edges<S extends string> = Readonly<Record<S, readonly S[]>>;

const edgesOf = (edges: Edges<string>): string[] =>
  Object.entries(edges).flatMap(([from, to]) => to.map((state) => `${from} → ${state}`));

function reachable(edges: Edges<string>, from: string, seen = new Set<string>()): Set<string> {
  for (const to of edges[from] ?? []) if (!seen.has(to)) reachable(edges, to, seen.add(to));
  return seen;
}

describe('the states of an execution', () => {
  it('leave an end only by a retry', () => {
    for (const state of ENDED_EXECUTION) {
      expect(EXECUTION_EDGES[state]).toEqual(state === 'completed' ? [] : ['running']);
    }
  });

  it('pause only what has not ended, and come back to where they were', () => {
    expect(statesBefore(EXECUTION_EDGES, 'paused')).toEqual(['pending', 'running']);
    expect(EXECUTION_EDGES.paused).toEqual(expect.arrayContaining(['pending', 'running']));
  });

  it('leave "cancelling" only as cancelled', () => {
    expect(EXECUTION_EDGES.cancelling).toEqual(['cancelled']);
  });

  it('reach an end from everywhere', () => {
    for (const state of Object.keys(EXECUTION_EDGES) as ExecutionState[]) {
      expect(
        hasEnded(state) || [...reachable(EXECUTION_EDGES, state)].some((to) => hasEnded(to as ExecutionState)),
      ).toBe(true);
    }
  });

  it.each<[ExecutionState, boolean]>([
    ['pending', false],
    ['running', false],
    ['paused', false],
    ['cancelling', false],
    ['completed', true],
    ['failed', true],
    ['cancelled', true],
  ])('%s has ended: %s', (state, ended) => {
    expect(hasEnded(state)).toBe(ended);
  });
});

describe('the states of a task', () => {
  it('run from "ready", or from "blocked" when the commit that readies them claims them', () => {
    expect(statesBefore(TASK_EDGES, 'running')).toEqual(['blocked', 'ready']);
  });

  it('complete only what ran', () => {
    expect(statesBefore(TASK_EDGES, 'completed')).toEqual(['running']);
  });

  it('never leave "completed"', () => {
    expect(TASK_EDGES.completed).toEqual([]);
  });

  it('reach every end from every state that is none', () => {
    for (const state of ['blocked', 'ready', 'running'] as TaskState[]) {
      expect([...reachable(TASK_EDGES, state)]).toEqual(
        expect.arrayContaining(['completed', 'failed', 'skipped', 'cancelled']),
      );
    }
  });
});

describe('every table of states', () => {
  const walk = (edges: Edges<string>, from: string, picks: readonly number[]): string[] =>
    picks.reduce<string[]>(
      (path, pick) => {
        const next = edges[path.at(-1) ?? from] ?? [];
        return next.length === 0 ? path : [...path, next[pick % next.length] as string];
      },
      [from],
    );

  it.each([
    ['execution', EXECUTION_EDGES as Edges<string>, 'pending', ['completed', 'failed', 'cancelled'], ['running']],
    [
      'task',
      TASK_EDGES as Edges<string>,
      'blocked',
      ['completed', 'failed', 'skipped', 'cancelled'],
      ['ready', 'blocked', 'skipped'],
    ],
  ])('of an %s keeps any walk inside, final at an end but for a retry', (_what, edges, from, ends, afterRetry) => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 30 }), (picks) => {
        const path = walk(edges, from, picks);
        path.forEach((state, at) => {
          const next = path[at + 1];
          expect(Object.keys(edges)).toContain(state);
          if (next === undefined) return;
          expect(statesBefore(edges, next)).toContain(state);
          if (state === 'completed') throw new Error(`left "completed" for "${next}"`);
          if (ends.includes(state)) expect(afterRetry).toContain(next);
        });
      }),
      runs(100),
    );
  });

  it.each([
    ['execution', EXECUTION_EDGES as Edges<string>],
    ['task', TASK_EDGES as Edges<string>],
  ])('of an %s has each edge once and none to itself', (_what, edges) => {
    const all = edgesOf(edges);
    expect(new Set(all).size).toBe(all.length);
    for (const state of Object.keys(edges)) expect(edges[state]).not.toContain(state);
  });

  it('tells that nothing becomes a state that no edge leads to', () => {
    expect(() => statesBefore({ a: ['b'], b: [] }, 'a')).toThrow('Nothing may become "a".');
  });
});
