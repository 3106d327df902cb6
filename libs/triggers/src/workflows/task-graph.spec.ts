import fc from 'fast-check';
import { runs } from '../testing/properties.contract.js';
import type { DeclaredTask } from './task-dependencies.js';
import { buildTaskGraph } from './task-graph.js';
import type { TaskGraph } from './task-graph.js';

function task(id: string, dependencies: readonly string[] = [], more: Partial<DeclaredTask> = {}): DeclaredTask {
  return { id, method: id, dependencies, runWhen: 'allSucceeded', ...more };
}

function graphOf(...tasks: DeclaredTask[]): TaskGraph {
  const { graph, problems } = buildTaskGraph('w', tasks);
  expect(problems).toEqual([]);
  return graph!;
}

function problemsOf(...tasks: DeclaredTask[]): (readonly [string, string])[] {
  return buildTaskGraph('w', tasks).problems.map(({ code, message }) => [code, message] as const);
}

/** Tasks whose dependencies point to earlier ones only, given in any order: always a graph without cycles. */
const declared = fc
  .integer({ min: 1, max: 12 })
  .chain((size) =>
    fc.tuple(
      ...Array.from({ length: size }, (_, index) =>
        fc.subarray(Array.from({ length: index }, (_unused, at) => `t${at}`)),
      ),
    ),
  )
  .chain((needs) => {
    const tasks = needs.map((dependencies, index) => task(`t${index}`, dependencies));
    return fc.shuffledSubarray(tasks, { minLength: tasks.length });
  });

describe('buildTaskGraph', () => {
  it('orders tasks after their dependencies, and ties by the order of the methods', () => {
    const { tasks } = graphOf(task('d', ['b', 'c']), task('c', ['a']), task('a'), task('b', ['a']));
    expect(tasks.map(({ id }) => id)).toEqual(['a', 'c', 'b', 'd']);
    expect(tasks.map(({ ordinal }) => ordinal)).toEqual([0, 1, 2, 3]);
    expect(tasks[0]).toMatchObject({ dependencies: [], dependents: ['c', 'b'], ancestors: [] });
    expect(tasks[3]).toMatchObject({ dependencies: ['b', 'c'], dependents: [], ancestors: ['a', 'c', 'b'] });
  });

  it('takes the names of methods and their snake_case forms for ids, and counts each task once', () => {
    const first = task('read', [], { method: 'readFile' });
    const { tasks } = graphOf(first, task('write', ['readFile', 'read_file', 'read']));
    expect(tasks[1]!.dependencies).toEqual(['read']);
  });

  it('takes a name for the id of one task rather than the method of another', () => {
    const { tasks } = graphOf(task('a', [], { method: 'x' }), task('b', [], { method: 'a' }), task('c', ['a']));
    expect(tasks.find(({ id }) => id === 'c')!.dependencies).toEqual(['a']);
  });

  // Cloacina case 76
  it('names what is wrong, all of it', () => {
    expect(problemsOf()).toEqual([['TRG_DEF_NO_TASKS', expect.stringContaining('Workflow "w" has no tasks.')]]);
    expect(problemsOf(task('a', ['x']), task('a', ['y'], { method: 'b' }))).toEqual([
      ['TRG_DEF_DUPLICATE_TASK', expect.stringContaining('the id "a": methods "a" and "b".')],
      ['TRG_DEF_UNKNOWN_DEPENDENCY', 'Workflow "w", task "a" depends on unknown task "x". Known: "a", "a".'],
      ['TRG_DEF_UNKNOWN_DEPENDENCY', expect.stringContaining('unknown task "y"')],
    ]);
  });

  // Cloacina case 76
  it.each<[string, DeclaredTask[], string]>([
    ['of two', [task('a', ['b']), task('b', ['a'])], '"a" → "b" → "a"'],
    ['of one', [task('a', ['a'])], '"a" → "a"'],
    [
      'behind other tasks',
      [task('z', ['a']), task('a', ['b']), task('b', ['c', 'y']), task('c', ['b']), task('y')],
      '"b" → "c" → "b"',
    ],
  ])('names a cycle %s', (_what, tasks, cycle) => {
    expect(problemsOf(...tasks)).toEqual([
      ['TRG_DEF_TASK_CYCLE', `Workflow "w": these tasks wait for each other: ${cycle}. Take one dependency away.`],
    ]);
  });

  it('puts every task after all its ancestors, whose ancestors are its own', () => {
    fc.assert(
      fc.property(declared, (tasks) => {
        const graph = graphOf(...tasks);
        const byId = new Map(graph.tasks.map((entry) => [entry.id, entry]));
        expect(graph.tasks).toHaveLength(tasks.length);
        for (const { id, ordinal, dependencies, ancestors, dependents } of graph.tasks) {
          const needed = new Set(dependencies.flatMap((need) => [need, ...byId.get(need)!.ancestors]));
          expect(new Set(ancestors)).toEqual(needed);
          const ordinals = ancestors.map((ancestor) => byId.get(ancestor)!.ordinal);
          expect(ordinals).toEqual([...ordinals].sort((a, b) => a - b));
          expect(ordinals.every((before) => before < ordinal)).toBe(true);
          expect(dependents.every((after) => byId.get(after)!.dependencies.includes(id))).toBe(true);
        }
      }),
      runs(100),
    );
  });

  it('finds a cycle wherever one edge closes it', () => {
    fc.assert(
      fc.property(declared, fc.nat(), (tasks, pick) => {
        const { tasks: ordered } = graphOf(...tasks);
        const last = ordered[pick % ordered.length]!;
        const target = last.ancestors[0] ?? last.id;
        const closed = tasks.map((entry) =>
          entry.id === target ? { ...entry, dependencies: [...entry.dependencies, last.id] } : entry,
        );
        expect(problemsOf(...closed).map(([code]) => code)).toEqual(['TRG_DEF_TASK_CYCLE']);
      }),
      runs(100),
    );
  });

  // Cloacina case 79
  it('keeps its hash when only the order of tasks and dependencies changes', () => {
    fc.assert(
      fc.property(declared, (tasks) => {
        const turned = [...tasks]
          .reverse()
          .map((entry) => ({ ...entry, dependencies: [...entry.dependencies].reverse() }));
        expect(graphOf(...turned).hash).toBe(graphOf(...tasks).hash);
      }),
      runs(100),
    );
  });

  // Cloacina case 79
  it('changes its hash with ids, dependencies and runWhen, and with nothing else', () => {
    const base = graphOf(task('a'), task('b', ['a'])).hash;
    expect(base).toMatch(/^[0-9a-f]{16}$/);
    expect(graphOf(task('a', [], { method: 'other' }), task('b', ['other'])).hash).toBe(base);
    const others = [
      graphOf(task('a'), task('c', ['a'])),
      graphOf(task('a'), task('b')),
      graphOf(task('a'), task('b', ['a'], { runWhen: 'allDone' })),
    ].map(({ hash }) => hash);
    expect(new Set([base, ...others]).size).toBe(4);
  });
});
