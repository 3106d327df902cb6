import fc from 'fast-check';
import { runs } from '../../testing/properties.contract.js';
import { circlesOf } from './workflow-circles.js';

type Edge = readonly [trigger: string, from: string, ...to: string[]];

const triggers = (edges: readonly Edge[]) =>
  edges.map(([name, workflow, ...to]) => ({
    name,
    follows: { workflow, on: [] },
    workflows: to.map((started) => ({ name: started }) as never),
  }));

const found = (...edges: readonly Edge[]): string[] =>
  circlesOf(triggers(edges)).map(({ workflows, triggers: by }) => `${workflows.join('>')} by ${by.join()}`);

describe('circles of workflow triggers', () => {
  it.each<{ what: string; edges: Edge[]; circles: string[] }>([
    {
      what: 'none',
      edges: [
        ['x', 'a', 'b'],
        ['y', 'b', 'c'],
        ['z', 'a', 'c'],
      ],
      circles: [],
    },
    { what: 'a workflow that follows itself', edges: [['x', 'a', 'a']], circles: ['a>a by x'] },
    {
      what: 'two that follow each other',
      edges: [
        ['x', 'a', 'b'],
        ['y', 'b', 'a'],
      ],
      circles: ['a>b>a by x,y'],
    },
    {
      what: 'one through the second of several',
      edges: [
        ['x', 'a', 'z', 'b'],
        ['y', 'b', 'a'],
      ],
      circles: ['a>b>a by x,y'],
    },
    {
      what: 'the shortest',
      edges: [
        ['x', 'a', 'b', 'c'],
        ['y', 'b', 'c'],
        ['z', 'c', 'a'],
      ],
      circles: ['a>b>c>a by x,y,z', 'a>c>a by x,z'],
    },
  ])('are found once each: $what', ({ edges, circles }) => {
    expect(found(...edges)).toEqual(circles);
  });

  it('are found exactly where a workflow can come back to itself', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(fc.array(fc.tuple(name, name), { maxLength: 8 }), (pairs) => {
        const edges = pairs.map(([from, to], at): Edge => [`t${at}`, from, to]);
        const inCircles = new Set(circlesOf(triggers(edges)).flatMap(({ workflows }) => workflows));
        const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
          pairs.some(([a, b]) => a === from && (b === to || (!seen.has(b) && reaches(b, to, seen.add(b)))));
        const comesBack = ['a', 'b', 'c', 'd', 'e'].filter((one) => reaches(one, one));
        expect([...inCircles].sort()).toEqual(comesBack);
      }),
      runs(200),
    );
  });
});
