import type { ExecutionId, LeaseToken } from '../../model/ids.js';
import { COMMIT_ORDER } from '../commit-kind.js';
import type { CommitKind, CommitScope } from '../commit-kind.js';
import type { ExecutionFacts } from '../claimer.js';
import { run, send } from '../dialects/batch.js';
import type { Rows, Work } from '../dialects/batch.js';
import { freeKeys } from './dedup.statements.js';
import type { HeldBy } from './dedup.statements.js';
import type { ExecutionDraft, FiringDraft, FiringVerdict, TaskDraft } from './firing.draft.js';
import { isUndecided, refuseDuplicates, repeatOf } from './firing.duplicates.js';
import type { Judged } from './firing.duplicates.js';
import { INSERT_EXECUTION, INSERT_FIRING, INSERT_TASK, STORED_BEFORE } from './firing.statements.js';
import { limitRates } from './rate.statements.js';

/** Firings with their executions and tasks; everything between "not a duplicate" and "its first tasks are claimed". */
export const FIRING: CommitKind<FiringDraft, FiringVerdict> = {
  name: 'firing',
  order: COMMIT_ORDER.firing,
  bytes: firingBytes,
  run: commitFirings,
};

/** The parameters of a firing, roughly, in bytes. */
export function firingBytes(draft: FiringDraft): number {
  return 600 + (draft.context?.length ?? 0) + draft.executions.length * 400;
}

/** dedup → rate limit → insert, each by one statement for the whole group. */
export function* commitFirings(drafts: readonly FiringDraft[], scope: CommitScope): Work<readonly FiringVerdict[]> {
  const judged = drafts.map((draft): Judged => ({ draft, verdict: null, repeats: null, delayMs: draft.runAfterMs }));
  if (scope.repeated) yield* recogniseStored(judged);
  yield* refuseDuplicates(judged.filter(isUndecided));
  const fresh = judged.filter(isUndecided);
  yield* limitRates(fresh);
  yield* keepNoKeyOfLimited(fresh);
  yield* insert(fresh, scope);
  return judged.map(verdictOf);
}

/** The states of those that an earlier try has stored, by their ids. */
export function* storedBefore(drafts: readonly FiringDraft[]): Work<ReadonlyMap<unknown, unknown>> {
  const rows = yield* run(
    STORED_BEFORE,
    drafts.map(({ id }) => [id]),
  );
  return new Map(rows.map((row) => [row['id'], row['state']]));
}

/** What an earlier try has stored may have ended since and given its key back: it must not take it again. */
function* recogniseStored(judged: readonly Judged[]): Work<void> {
  const states = yield* storedBefore(judged.map(({ draft }) => draft));
  for (const item of judged) {
    const state = states.get(item.draft.id);
    if (state === undefined) continue;
    const wasLimited = state === 'limited' && item.draft.state !== 'limited';
    item.verdict = wasLimited ? { status: 'limited', retryAfterMs: 0 } : stored(item.draft, item.delayMs);
  }
}

function verdictOf({ draft, verdict, repeats, delayMs }: Judged): FiringVerdict {
  return verdict ?? (repeats === null ? stored(draft, delayMs) : repeatOf(repeats.first, repeats.of));
}

/** A limited firing leaves a record, but no key: the sender was told to come again. */
function* keepNoKeyOfLimited(fresh: readonly Judged[]): Work<void> {
  const limited = fresh.filter(({ verdict }) => verdict?.status === 'limited');
  yield* freeKeys(limited.flatMap(heldKeys));
  for (const item of limited) {
    item.draft = {
      ...item.draft,
      state: 'limited',
      reason: 'rate limit',
      dedup: null,
      idempotency: null,
      executions: [],
    };
  }
}

function heldKeys({ draft }: Judged): HeldBy[] {
  return [draft.idempotency, draft.dedup].flatMap((hold) => (hold === null ? [] : [{ hold, firingId: draft.id }]));
}

function stored(draft: FiringDraft, delayedMs: number): FiringVerdict {
  return {
    status: 'stored',
    state: draft.state,
    firingId: draft.id,
    executionIds: draft.executions.map(({ id }) => id),
    delayedMs,
  };
}

/** A firing that is there already was committed by an earlier try, with its executions; nothing of it is claimed again. */
function* insert(judged: readonly Judged[], scope: CommitScope): Work<void> {
  const rows = judged.map(({ draft }) => firingRow(draft));
  if (scope.repeated) {
    // What was refused then may pass now: it adds no executions to a firing that is there without them.
    const fresh = idsOf(yield* run(INSERT_FIRING, rows));
    const plans = planAll(
      judged.filter(({ draft }) => fresh.has(draft.id)),
      scope,
    );
    yield* insertExecutions(plans, scope);
    for (const planned of plans) handOver(planned, scope);
  } else {
    const plans = planAll(judged, scope);
    yield* send(INSERT_FIRING, rows, (inserted) => {
      const fresh = idsOf(inserted);
      for (const planned of plans) if (fresh.has(planned.draft.id)) handOver(planned, scope);
    });
    yield* insertExecutions(plans, scope);
  }
}

function idsOf(rows: Rows): ReadonlySet<unknown> {
  return new Set(rows.map((row) => row['id']));
}

function* insertExecutions(plans: readonly PlannedExecution[], scope: CommitScope): Work<void> {
  yield* send(INSERT_EXECUTION, plans.map(executionRow));
  yield* send(
    INSERT_TASK,
    plans.flatMap((planned) => taskRows(planned, scope)),
  );
}

interface PlannedExecution {
  readonly draft: FiringDraft;
  readonly execution: ExecutionDraft;
  readonly delayMs: number;
  /** Root tasks that this commit claims. */
  readonly tokens: ReadonlyMap<string, LeaseToken>;
}

function planAll(judged: readonly Judged[], scope: CommitScope): readonly PlannedExecution[] {
  return judged.flatMap(({ draft, delayMs }) =>
    draft.executions.map((execution) => plan(draft, execution, delayMs, scope)),
  );
}

function plan(draft: FiringDraft, execution: ExecutionDraft, delayMs: number, scope: CommitScope): PlannedExecution {
  const tokens = new Map<string, LeaseToken>();
  for (const task of execution.tasks) {
    if (task.place.dependencies.length > 0) continue;
    const token = delayMs > 0 ? null : scope.reserve(execution.workflow, execution.hash, task.pool);
    if (token !== null) tokens.set(task.task, token);
    else {
      const { id, task: name, pool } = task;
      scope.leavesReady({ id, executionId: execution.id, task: name, pool, priority: draft.priority, inMs: delayMs });
    }
  }
  return { draft, execution, delayMs, tokens };
}

function firingRow(draft: FiringDraft): unknown[] {
  const { dedup } = draft;
  const ids: ExecutionId[] = draft.executions.map(({ id }) => id);
  return [
    draft.id,
    draft.trigger,
    draft.kind,
    draft.state,
    dedup?.space,
    dedup?.key,
    dedup?.scope,
    dedup?.cooldown ?? false,
    dedup?.label,
    draft.context,
    JSON.stringify(ids),
    ids.length,
    draft.reason,
    draft.initiatedBy,
    draft.causedBy,
    draft.depth,
    draft.replayOf,
    draft.scheduledFor,
    0,
  ];
}

function executionRow({ draft, execution, tokens }: PlannedExecution): unknown[] {
  const started = tokens.size > 0;
  return [
    execution.id,
    draft.id,
    execution.workflow,
    execution.hash,
    draft.trigger,
    started ? 'running' : 'pending',
    execution.tasks.filter(({ place }) => place.dependents.length === 0).length,
    draft.initiatedBy,
    draft.replayOf,
    0,
    started ? 0 : null,
  ];
}

function taskRows({ draft, execution, delayMs, tokens }: PlannedExecution, scope: CommitScope): unknown[][] {
  return execution.tasks.map((task) => {
    const token = tokens.get(task.task) ?? null;
    return [
      execution.id,
      task.task,
      task.id,
      task.ordinal,
      execution.workflow,
      execution.hash,
      task.pool,
      stateOf(task, token),
      JSON.stringify(task.place),
      task.runWhen,
      task.place.dependencies.length,
      task.maxAttempts,
      draft.priority,
      delayMs,
      token === null ? null : scope.claimer?.nodeId,
      token,
      token === null ? null : 0,
    ];
  });
}

function stateOf(task: TaskDraft, token: LeaseToken | null): string {
  if (task.place.dependencies.length > 0) return 'blocked';
  return token === null ? 'ready' : 'running';
}

function handOver({ draft, execution, tokens }: PlannedExecution, scope: CommitScope): void {
  if (tokens.size === 0) return;
  const facts: ExecutionFacts = {
    executionId: execution.id,
    workflow: execution.workflow,
    hash: execution.hash,
    firingId: draft.id,
    trigger: draft.trigger,
    kind: draft.kind,
    depth: draft.depth,
    siblings: draft.executions.length,
    dedup: draft.dedup,
    input: draft.context ?? '{}',
  };
  for (const task of execution.tasks) {
    const token = tokens.get(task.task);
    if (token === undefined) continue;
    const { id, place, maxAttempts } = task;
    scope.claimed({
      facts,
      id,
      task: task.task,
      place,
      attempt: 1,
      maxAttempts,
      rescues: 0,
      priority: draft.priority,
      attempts: [],
      token,
      outputs: new Map(),
    });
  }
}
