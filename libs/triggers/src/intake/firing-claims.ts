import { newId } from '../model/ids.js';
import type { ExecutionId, TaskExecutionId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { FiringState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { DedupWish, ExecutionDraft, FiringDraft } from '../store/commits/firing.draft.js';
import type { RateRule } from '../store/commits/rate-limit.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { MAX_DEDUP_KEY, explicitKey, keyOfContext } from './dedup-key.js';
import type { IdempotencyKey } from './fire.types.js';
import type { FiringExtras, FiringSource } from './firing-source.js';

/** How long an `Idempotency-Key` is remembered: 24 hours. */
export const IDEMPOTENCY_KEY_MS = 86_400_000;

/** What the pipe has found out about an item so far. */
export interface Judged {
  readonly state: FiringState;
  readonly json: string | null;
  readonly reason: string | null;
}

/** What a firing takes for itself: keys, tokens, executions. One that was refused takes next to nothing. */
export function claimsOf(
  source: FiringSource,
  item: FireItem,
  judged: Judged,
  extras: FiringExtras,
): Pick<FiringDraft, 'dedup' | 'idempotency' | 'rate' | 'executions'> {
  if (judged.state !== 'accepted') {
    return {
      dedup: judged.state === 'dead' ? deadWish(source, item) : null,
      idempotency: null,
      rate: null,
      executions: [],
    };
  }
  return {
    dedup: wishOf(source, item, judged.json, extras),
    idempotency: extras.idempotency === undefined ? null : idempotencyWish(source, extras.idempotency),
    rate: rateOf(source),
    executions: source.workflows.map(executionOf),
  };
}

function wishOf(
  { dedup, space, what, trigger }: FiringSource,
  item: FireItem,
  json: string | null,
  extras: FiringExtras,
): DedupWish | null {
  const given = item.dedupKey !== undefined || extras.replayKey !== undefined;
  if (!given && (dedup.scope === 'off' || trigger === null)) return null;
  const key =
    extras.replayKey ??
    (given ? explicitKey(item.dedupKey, what) : keyOfContext(JSON.parse(json ?? '{}') as JsonObject));
  return {
    space,
    key: key.bytes,
    label: key.label,
    scope: dedup.scope === 'off' ? 'running' : dedup.scope,
    cooldown: dedup.scope === 'running' && dedup.cooldown,
    windowMs: dedup.scope === 'window' ? dedup.windowMs : null,
    replay: extras.replayOf !== undefined,
  };
}

/** A dead firing keeps the window of a chosen key, so that its sender's repeats find it; it never keeps a `running` key. */
function deadWish(source: FiringSource, item: FireItem): DedupWish | null {
  const keeps = source.dedup.scope === 'window' || source.dedup.scope === 'ever';
  if (!keeps || typeof item.dedupKey !== 'string' || item.dedupKey === '' || item.dedupKey.length > MAX_DEDUP_KEY)
    return null;
  return wishOf(source, item, null, {});
}

function idempotencyWish({ space, what }: FiringSource, { key, user }: IdempotencyKey): DedupWish {
  const { bytes, label } = explicitKey(key, `${what}, Idempotency-Key`);
  return {
    space: `idempotency:${space}:${user}`,
    key: bytes,
    label,
    scope: 'window',
    cooldown: false,
    windowMs: IDEMPOTENCY_KEY_MS,
    replay: false,
  };
}

function rateOf({ trigger, onLimit }: FiringSource): RateRule | null {
  return trigger?.rateLimit ? { ...trigger.rateLimit, onLimit } : null;
}

function executionOf(workflow: WorkflowDefinition): ExecutionDraft {
  return {
    id: newId<ExecutionId>(),
    workflow: workflow.name,
    hash: workflow.hash,
    tasks: workflow.tasks.map(({ id, ordinal, dependencies, dependents, ancestors, runWhen, retry, pool }) => ({
      id: newId<TaskExecutionId>(),
      task: id,
      ordinal,
      place: { dependencies, dependents, ancestors },
      runWhen,
      maxAttempts: retry.attempts,
      pool,
    })),
  };
}
