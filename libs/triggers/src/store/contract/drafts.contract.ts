import { createHash } from 'node:crypto';
import { newId } from '../../model/ids.js';
import type { ExecutionId, FiringId, TaskExecutionId } from '../../model/ids.js';
import type { DedupWish, ExecutionDraft, FiringDraft } from '../commits/firing.draft.js';

/** Tasks with what they depend on; `b: ['a']`. Written in topological order. */
export type Graph = Readonly<Record<string, readonly string[]>>;

/** What a test says of a firing; the rest is unremarkable. */
export interface DraftGiven extends Partial<Omit<FiringDraft, 'executions'>> {
  readonly graph?: Graph;
  readonly runWhen?: Readonly<Record<string, string>>;
  /** @default `default` for every task */
  readonly pools?: Readonly<Record<string, string>>;
  /** How many workflows start. */
  readonly workflows?: number;
  readonly hash?: string;
}

/** A firing of one task, unless the test says otherwise. */
export function draftOf({
  graph = { a: [] },
  runWhen = {},
  pools = {},
  workflows = 1,
  hash = 'h1',
  ...given
}: DraftGiven = {}): FiringDraft {
  const accepted = (given.state ?? 'accepted') === 'accepted';
  return {
    id: newId<FiringId>(),
    trigger: 'inbox',
    kind: 'poll',
    state: 'accepted',
    context: '{"n":1}',
    reason: null,
    dedup: null,
    idempotency: null,
    delivery: null,
    rate: null,
    gate: null,
    payload: null,
    letter: null,
    closes: [],
    replayOfLetter: null,
    initiatedBy: null,
    causedBy: null,
    depth: 0,
    replayOf: null,
    scheduledFor: null,
    runAfterMs: 0,
    priority: 0,
    ...given,
    executions: accepted
      ? Array.from({ length: workflows }, (_, at) => executionOf(`w${at + 1}`, hash, { graph, runWhen, pools }))
      : [],
  };
}

function executionOf(
  workflow: string,
  hash: string,
  { graph, runWhen, pools }: Required<Pick<DraftGiven, 'graph' | 'runWhen' | 'pools'>>,
): ExecutionDraft {
  const ids = Object.keys(graph);
  return {
    id: newId<ExecutionId>(),
    workflow,
    hash,
    tasks: ids.map((task, ordinal) => ({
      id: newId<TaskExecutionId>(),
      task,
      ordinal,
      runWhen: runWhen[task] ?? 'allSucceeded',
      maxAttempts: 3,
      pool: pools[task] ?? 'default',
      place: {
        dependencies: graph[task] ?? [],
        dependents: ids.filter((other) => graph[other]?.includes(task)),
        ancestors: ids.filter((other) => ancestorsOf(task, graph).has(other)),
      },
    })),
  };
}

function ancestorsOf(task: string, graph: Graph): Set<string> {
  return new Set((graph[task] ?? []).flatMap((parent) => [parent, ...ancestorsOf(parent, graph)]));
}

/** A wish for a key. */
export function wish(label: string, given: Partial<DedupWish> = {}): DedupWish {
  const key = createHash('sha256').update(label).digest().subarray(0, 16);
  return { space: 'inbox', key, label, scope: 'running', cooldown: true, windowMs: null, replay: false, ...given };
}
