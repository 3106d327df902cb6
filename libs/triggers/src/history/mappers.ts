import type { JsonObject } from '../model/json.js';
import type { ExecutionId, FiringId } from '../model/ids.js';
import type { AuditRow, ExecutionRow, TickRow } from '../store/entities/rows.js';
import type {
  AuditItem,
  CallbackView,
  ContextPreview,
  ErrorView,
  ExecutionItem,
  FiringItem,
  TickItem,
} from './history.types.js';
import type { ListedRows } from './page-reader.js';

/** JSON out of a text column; `null` stays `null`. */
export function fromJson<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

/** An instant as the API writes it: ISO 8601 in UTC. */
export function toIso<T extends Date | null>(instant: T): T extends Date ? string : string | null {
  return (instant === null ? null : instant.toISOString()) as T extends Date ? string : string | null;
}

/** Milliseconds between two instants, `null` while one is missing. Clocks may jump: never below zero. */
export function durationMs(from: Date | null, to: Date | null): number | null {
  return from === null || to === null ? null : Math.max(to.getTime() - from.getTime(), 0);
}

/** The callback columns of a task or an execution. */
export function toCallbacks(
  row: Pick<ExecutionRow, 'callback' | 'callbackState' | 'callbackError'>,
): readonly CallbackView[] {
  if (row.callback === null || row.callbackState === null) return [];
  return [{ kind: row.callback, state: row.callbackState, error: row.callbackError }];
}

/** An execution as lists show it. */
export function toExecutionItem(row: ExecutionRow, context: ContextPreview): ExecutionItem {
  const { id, workflow, trigger, firingId, state, replayOf, initiatedBy } = row;
  return {
    id,
    workflow,
    trigger,
    firingId,
    state,
    ...context,
    replayOf,
    initiatedBy,
    error: fromJson<ErrorView>(row.error),
    createdAt: toIso(row.createdAt),
    startedAt: toIso(row.startedAt),
    finishedAt: toIso(row.finishedAt),
    durationMs: durationMs(row.startedAt, row.finishedAt),
  };
}

/** A firing as lists show it. */
export function toFiringItem(row: ListedRows['firing'], context: ContextPreview): FiringItem {
  const { id, trigger, kind, state, duplicates, reason, initiatedBy, causedBy, replayOf } = row;
  return {
    id,
    trigger,
    kind,
    state,
    ...context,
    duplicates,
    reason,
    initiatedBy,
    causedBy,
    replayOf,
    dedupKey: row.dedupLabel,
    executionIds: JSON.parse(row.executions) as ExecutionId[],
    lastDuplicateAt: toIso(row.lastDuplicateAt),
    scheduledFor: toIso(row.scheduledFor),
    latenessMs: kind === 'schedule' && row.scheduledFor ? row.createdAt.getTime() - row.scheduledFor.getTime() : null,
    createdAt: toIso(row.createdAt),
  };
}

/** Polls as lists show them. */
export function toTickItem({ id, at, lastAt, count, outcome, reason, durationMs, firingIds }: TickRow): TickItem {
  return {
    id,
    at: toIso(at),
    lastAt: toIso(lastAt),
    count,
    outcome,
    reason,
    durationMs,
    firingIds: JSON.parse(firingIds) as FiringId[],
  };
}

/** An operator's action as lists show it. */
export function toAuditItem({ id, at, actor, action, target, reason, address, details }: AuditRow): AuditItem {
  return { id, at: toIso(at), actor, action, target, reason, address, details: fromJson<JsonObject>(details) };
}
