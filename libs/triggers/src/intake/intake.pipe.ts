import { Injectable } from '@nestjs/common';
import { MAX_DEPTH, currentCause } from '../model/causation.js';
import { contextToJson } from '../model/context.js';
import { TriggersError, isTriggersError } from '../model/errors.js';
import { newId } from '../model/ids.js';
import type { FiringId } from '../model/ids.js';
import type { JsonObject } from '../model/json.js';
import { orLate } from '../model/patience.js';
import { cleanText, errorMessage } from '../model/text.js';
import type { FireItem } from '../model/trigger-result.js';
import { Clock } from '../model/clock.js';
import type { FiringDraft } from '../store/commits/firing.draft.js';
import { claimsOf } from './firing-claims.js';
import type { Judged } from './firing-claims.js';
import type { FiringExtras, FiringSource } from './firing-source.js';
import { patienceMsOf, tooLate } from './payload-work.js';
import { problemsOf } from './trigger-input.js';

/** Somebody can try again (`throw`), or nobody can and the item is kept as a dead letter (`keep`). */
export type OnBadItem = 'throw' | 'keep';

/**
 * The part of the pipe before the commit, the same for every source and for dry runs: rules of contexts → input schema →
 * filter → dedup key → loop guard. Its result is a draft with all ids chosen; the commit then decides duplicates and rates.
 */
@Injectable()
export class IntakePipe {
  constructor(private readonly clock: Clock) {}

  /** @throws TRG_CONTEXT_*, TRG_DEDUP_KEY with `onBad: 'throw'` */
  async draft(source: FiringSource, item: FireItem, onBad: OnBadItem, extras: FiringExtras = {}): Promise<FiringDraft> {
    try {
      return await this.#judge(source, item, onBad, extras);
    } catch (error) {
      if (onBad === 'throw' || !isOfItem(error)) throw error;
      const json = shownOf(source, item.context);
      return this.#build(source, item, extras, { state: 'dead', json, reason: error.message });
    }
  }

  /** What did not get as far as a context. */
  unjudged(
    source: FiringSource,
    verdict: Pick<Judged, 'state' | 'reason'>,
    item: FireItem = {},
    extras: FiringExtras = {},
  ): FiringDraft {
    return this.#build(source, item, extras, { ...verdict, json: null });
  }

  /** A draft that starts nothing and keeps why: its source decided that already. */
  settled(source: FiringSource, item: FireItem, state: 'dead' | 'filtered', reason: string): FiringDraft {
    return this.#build(source, item, {}, { state, json: shownOf(source, item.context), reason });
  }

  async #judge(source: FiringSource, item: FireItem, onBad: OnBadItem, extras: FiringExtras): Promise<FiringDraft> {
    checkOptions(source, item);
    const json = contextToJson(item.context, rulesOf(source));
    const needsContext = source.trigger?.filter != null || source.workflows.some(({ input }) => input !== null);
    const context = needsContext ? (JSON.parse(json) as JsonObject) : null;
    const { problems, passes } = context === null ? FITS : await this.#inTime(source, judgementOf(source, context));
    if (problems.length > 0) {
      const reason = `${source.what}: the context does not fit the input. ${problems.join('; ')}`;
      if (onBad === 'throw') throw new TriggersError('TRG_CONTEXT_SCHEMA', reason, { details: { fields: problems } });
      return this.#build(source, item, extras, { state: 'rejected', json, reason });
    }
    if (!passes) return this.#build(source, item, extras, { state: 'filtered', json, reason: 'filter' });
    return this.#build(source, item, extras, { state: 'accepted', json, reason: null });
  }

  /** A filter that hangs keeps nobody waiting, and no other item of its poll, outbox or hold. @throws TRG_TRIGGER_TIMEOUT */
  #inTime(source: FiringSource, judgement: Promise<Judgement>): Promise<Judgement> {
    const { trigger } = source;
    if (trigger === null) return judgement;
    return orLate(judgement, patienceMsOf(trigger), () => Promise.reject(tooLate(trigger)), this.clock);
  }

  #build(source: FiringSource, item: FireItem, extras: FiringExtras, verdict: Judged): FiringDraft {
    const depth = depthNow();
    const judged = depth > MAX_DEPTH && verdict.state === 'accepted' ? { ...verdict, ...LOOPS } : verdict;
    return {
      id: newId<FiringId>(),
      trigger: source.trigger?.name ?? null,
      kind: source.kind,
      state: judged.state,
      context: judged.json,
      reason: judged.reason === null ? null : cleanText(judged.reason),
      depth,
      causedBy: currentCause()?.executionId ?? null,
      ...urgencyOf(source, item, judged, this.clock.now()),
      replayOfLetter: extras.replayOfLetter ?? null,
      ...provenanceOf(extras, judged.state === 'accepted' ? item.runAt : undefined),
      ...claimsOf(source, item, judged, extras),
    };
  }
}

const LOOPS = { state: 'dead', reason: 'loop' } as const;

function urgencyOf(
  source: FiringSource,
  { runAt, priority }: FireItem,
  { state }: Judged,
  now: number,
): Pick<FiringDraft, 'runAfterMs' | 'priority'> {
  if (state !== 'accepted') return { runAfterMs: 0, priority: 0 };
  return {
    runAfterMs: runAt === undefined ? 0 : Math.max(0, runAt.getTime() - now),
    priority: priority ?? source.trigger?.priority ?? 0,
  };
}

function depthNow(): number {
  const cause = currentCause();
  return cause === undefined ? 0 : cause.depth + 1;
}

function provenanceOf(
  extras: FiringExtras,
  runAt: Date | undefined,
): Pick<FiringDraft, 'initiatedBy' | 'replayOf' | 'scheduledFor'> {
  return {
    initiatedBy: extras.initiatedBy === undefined ? null : cleanText(extras.initiatedBy).slice(0, 256),
    replayOf: extras.replayOf ?? null,
    scheduledFor: (extras.scheduledFor ?? runAt)?.getTime() ?? null,
  };
}

const MAX_PRIORITY = 2 ** 31 - 1;

function checkOptions({ what }: FiringSource, { runAt, priority }: FireItem): void {
  if (runAt !== undefined && !(runAt instanceof Date && Number.isFinite(runAt.getTime()))) {
    throw new TriggersError('TRG_FIRE_OPTION', `${what}: "runAt" is no valid Date.`);
  }
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= MAX_PRIORITY)) {
    throw new TriggersError('TRG_FIRE_OPTION', `${what}: "priority" is ${String(priority)}; use a whole number.`);
  }
}

function rulesOf(source: FiringSource): Parameters<typeof contextToJson>[1] {
  const instancesOf = source.workflows.find(({ input }) => input?.instancesOf !== undefined)?.input?.instancesOf;
  return {
    what: `${source.what}: the context`,
    bigNumbers: source.trigger?.bigNumbers ?? undefined,
    ...(instancesOf && { instancesOf }),
  };
}

/** What the application's code says of a context. */
interface Judgement {
  /** Why it does not fit the input. */
  readonly problems: readonly string[];
  /** Whether the filter lets it pass. */
  readonly passes: boolean;
}

const FITS: Judgement = { problems: [], passes: true };

async function judgementOf(source: FiringSource, context: JsonObject): Promise<Judgement> {
  const problems = await inputProblems(source, context);
  return { problems, passes: problems.length > 0 || (await passesFilter(source, context)) };
}

/** Whether it is the item that cannot be fired, so that it is kept as a dead letter and the others go on. */
function isOfItem(error: unknown): error is TriggersError {
  return isTriggersError(error) && (error.family === 'context' || error.code === 'TRG_TRIGGER_TIMEOUT');
}

/** @throws TRG_CONTEXT_FILTER when the author's function throws: then nobody knows whether this may start something */
async function passesFilter({ trigger, what }: FiringSource, context: JsonObject): Promise<boolean> {
  try {
    return !trigger?.filter || (await trigger.filter(context));
  } catch (cause) {
    // One of ours says by itself what is to be done: the store is away, try again.
    if (isTriggersError(cause)) throw cause;
    const message = `${what}: the filter threw: ${errorMessage(cause)}`;
    throw new TriggersError('TRG_CONTEXT_FILTER', message, { cause });
  }
}

async function inputProblems(source: FiringSource, context: JsonObject): Promise<string[]> {
  const problems: string[] = [];
  for (const { input } of source.workflows) {
    if (input !== null) problems.push(...(await problemsOf(input, context, `${source.what}: the context`)));
  }
  return [...new Set(problems)];
}

/** The whole context if it can be stored, so that it can be fired again. */
function shownOf(source: FiringSource, context: unknown): string | null {
  try {
    return contextToJson(context, rulesOf(source));
  } catch {
    return previewOf(context);
  }
}

/** What can be shown of a context that cannot be stored. */
function previewOf(context: unknown): string | null {
  try {
    const text = JSON.stringify(context);
    return text === undefined || text.length > 2_048 ? null : contextToJson(JSON.parse(text), { what: 'preview' });
  } catch {
    return null;
  }
}
