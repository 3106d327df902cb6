import { EXECUTION_EDGES, TASK_EDGES } from '../../libs/triggers/src/model/states.js';
import { read, rows, section } from './markdown.js';
import { literalsOf } from './source.js';

const page = read('docs/reference/states.md');

function drawnEdges(heading: string): string[] {
  const edges = section(page, heading).matchAll(/^ {2}(\w+) --> (\w+)/gm);
  return [...edges].map(([, from, to]) => `${from} → ${to}`).sort();
}

function edgesOf(table: Readonly<Record<string, readonly string[]>>): string[] {
  return Object.entries(table)
    .flatMap(([from, targets]) => targets.map((to) => `${from} → ${to}`))
    .sort();
}

it.each([
  { heading: '## Execution', table: EXECUTION_EDGES },
  { heading: '## Task execution', table: TASK_EDGES },
])('draws every edge of "$heading" and no other', ({ heading, table }) => {
  expect(drawnEdges(heading)).toEqual(edgesOf(table));
});

it.each([
  { heading: '## Execution', type: 'ExecutionState' },
  { heading: '## Task execution', type: 'TaskState' },
  { heading: '## Firing', type: 'FiringState' },
  { heading: '## Trigger', type: 'TriggerState' },
])('explains every state of "$heading", in order', ({ heading, type }) => {
  const explained = rows(section(page, heading)).map(([state]) => state);
  expect(explained.length).toBeGreaterThan(0);
  expect(explained).toEqual(literalsOf('model/states.ts', type));
});
