import { newId } from '../model/ids.js';
import type { ExecutionId, TaskExecutionId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import type { FiringState } from '../model/states.js';
import type { FireItem } from '../model/trigger-result.js';
import type { DedupWish, ExecutionDraft, FiringDraft, Letter, LetterKey } from '../store/commits/firing.draft.js';
import type { WorkflowDefinition } from '../workflows/workflow.definition.js';
import { MAX_DEDUP_KEY, explicitKey, keyOfContext } from './dedup-key.js';
import type { DedupKey } from './dedup-key.js';
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

type Claims = 'dedup' | 'idempotency' | 'delivery' | 'payload' | 'rate' | 'gate' | 'executions' | 'letter' | 'closes';

/** What a firing takes for itself: keys, tokens, executions. One that was refused takes next to nothing. */
export function claimsOf(
  source: FiringSource,
  item: FireItem,
  judged: Judged,
  extras: FiringExtras,
): Pick<FiringDraft, Claims> {
  if (judged.state !== 'accepted') {
    return {
      dedup: judged.state === 'dead' ? deadWish(source, item) : null,
      idempotency: null,
      delivery: null,
      payload: null,
      rate: null,
      gate: null,
      executions: [],
      letter: letterOf(source, item, judged, extras),
      closes: [],
    };
  }
  const given = givenKey(source, item, extras);
  const delivery = deliveryOf(source, item, given, extras);
  return {
    dedup: wishOf(source, given, judged.json, extras),
    idempotency: secondWish(source, extras),
    delivery: remembered(delivery, extras),
    payload: keepsPayload(source, extras) ? (extras.payload ?? null) : null,
    rate: source.rate,
    gate: source.gate,
    executions: source.workflows.map(executionOf),
    letter: null,
    closes: keysClosedBy(source, given, delivery, extras),
  };
}

/** What was sent tells another request under an `Idempotency-Key`, and somebody else's wish at a replay. */
function keepsPayload({ trigger }: FiringSource, { idempotency }: FiringExtras): boolean {
  return idempotency !== undefined || trigger?.keepsPayload === true;
}

/** The key that somebody chose: now, or for the firing that is fired again. */
function givenKey({ what }: FiringSource, { dedupKey }: FireItem, { replayKey }: FiringExtras): DedupKey | null {
  return dedupKey === undefined ? (replayKey ?? null) : explicitKey(dedupKey, what);
}

function wishOf(
  { dedup, space, trigger }: FiringSource,
  given: DedupKey | null,
  json: string | null,
  extras: FiringExtras,
): DedupWish | null {
  if (given === null && (dedup.scope === 'off' || trigger === null)) return null;
  const key = given ?? keyOfContext(JSON.parse(json ?? '{}') as JsonObject);
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
  return keeps && isUsableKey(item.dedupKey) ? wishOf(source, givenKey(source, item, {}), null, {}) : null;
}

function isUsableKey(key: unknown): boolean {
  return typeof key === 'string' && key !== '' && key.length <= MAX_DEDUP_KEY;
}

/** The second key: of a sender that repeats itself, or of a user who clicks twice. */
function secondWish(source: FiringSource, { idempotency, guard }: FiringExtras): DedupWish | null {
  if (idempotency !== undefined) return idempotencyWish(source, idempotency);
  if (guard === undefined) return null;
  const { bytes, label } = explicitKey(guard.key, `${source.what}, guard`);
  return windowWish(`guard:${source.space}`, bytes, label, guard.windowMs);
}

function idempotencyWish({ space, what }: FiringSource, { key, user }: IdempotencyKey): DedupWish {
  const { bytes, label } = explicitKey(key, `${what}, Idempotency-Key`);
  return windowWish(`idempotency:${space}:${user}`, bytes, label, IDEMPOTENCY_KEY_MS);
}

function windowWish(space: string, key: Buffer, label: string, windowMs: number): DedupWish {
  return { space, key, label, scope: 'window', cooldown: false, windowMs, replay: false };
}

/** A key that somebody chose, of a trigger: its dead letters know it. */
function keyOfTrigger({ trigger, space }: FiringSource, given: DedupKey | null): LetterKey | null {
  return trigger === null || given === null ? null : { space, key: given.bytes, label: given.label };
}

/** The key of the delivery that it came in; `null` where that is its own. */
function deliveryOf(
  source: FiringSource,
  { dedupKey }: FireItem,
  given: DedupKey | null,
  { delivery }: FiringExtras,
): LetterKey | null {
  if (delivery === undefined || delivery.key === dedupKey) return null;
  const key = explicitKey(delivery.key, source.what);
  return given?.bytes.equals(key.bytes) === true ? null : keyOfTrigger(source, key);
}

/** For as long as it is one event; where that ends with the execution, there is nothing to remember. */
function remembered(key: LetterKey | null, { delivery }: FiringExtras): DedupWish | null {
  const dedup = delivery?.dedup;
  if (key === null || (dedup?.scope !== 'window' && dedup?.scope !== 'ever')) return null;
  const windowMs = dedup.scope === 'window' ? dedup.windowMs : null;
  return { ...key, scope: dedup.scope, cooldown: false, windowMs, replay: false };
}

/** Its dead letter may be of this firing alone, or of the whole delivery that it came in. The commit of a replay closes what it replays. */
function keysClosedBy(
  source: FiringSource,
  given: DedupKey | null,
  delivery: LetterKey | null,
  { replayOfLetter }: FiringExtras,
): LetterKey[] {
  const own = keyOfTrigger(source, given);
  return [own, replayOfLetter === undefined ? delivery : null].filter((key) => key !== null);
}

function letterOf(source: FiringSource, item: FireItem, { state }: Judged, extras: FiringExtras): Letter | null {
  if (state !== 'dead' && state !== 'rejected') return null;
  const { payload = null, origin, sameForMs = null } = extras;
  const isKnown = item.dedupKey === undefined || isUsableKey(item.dedupKey);
  const given = isKnown ? givenKey(source, item, extras) : null;
  const key = sameForMs === 0 ? null : keyOfTrigger(source, given);
  return {
    key,
    // Without a key it is one of its own, whenever it came.
    windowMs: key === null ? null : sameForMs,
    label: given?.label ?? null,
    payload,
    origin: origin === undefined ? null : JSON.stringify(origin),
  };
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
