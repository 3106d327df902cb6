import type { TriggerCounts, TriggerRecord } from '../history/trigger.types.js';
import { formatDuration } from '../model/duration.js';
import type { JsonObject } from '../model/json.js';
import type { SourceKind, TriggerState } from '../model/states.js';
import { inputSchemaOf } from './input.schema.js';
import { nextTicks } from '../sources/schedule/schedule.definition.js';
import { failuresOf, isEnabled, stateOf } from './trigger.state.js';
import type { TriggerSources } from './trigger.state.js';

/** A trigger as lists show it. */
export interface TriggerView {
  readonly name: string;
  readonly kind: SourceKind;
  readonly workflows: readonly string[];
  readonly enabled: boolean;
  readonly state: TriggerState;
  /** The node that polls it. */
  readonly owner: string | null;
  readonly pollInterval: string | null;
  readonly pollIntervalMs: number | null;
  readonly allowConcurrent: boolean;
  readonly lastPollAt: string | null;
  readonly nextPollAt: string | null;
  readonly lastFireAt: string | null;
  readonly consecutiveFailures: number;
  readonly lastError: string | null;
  readonly counts: TriggerCounts;
}

/** A trigger with what the code declares and what operators have set. */
export interface TriggerDetail extends TriggerView {
  /** What the code declares; `null` when this process does not declare it. */
  readonly options: JsonObject | null;
  readonly overrides: { readonly enabled: boolean | null; readonly pollInterval: string | null };
  readonly cursor: unknown;
  readonly suspendedAt: string | null;
  readonly firstSeenAt: string | null;
  /** The next ticks of a schedule, at most ten; none while it is disabled or suspended; `null` for every other trigger. */
  readonly nextFireTimes: readonly string[] | null;
  /** JSON Schema of what may be fired by hand, draft 2020-12, as far as it is known. */
  readonly inputSchema: object | null;
}

const NEXT_FIRE_TIMES = 10;

const NOTHING_COUNTED: TriggerCounts = { polls: 0, fires: 0, skips: 0, duplicates: 0, failures: 0 };

/** What is stored of a trigger that was declared a moment ago. */
const NEVER_STORED: Stored = {
  enabledOverride: null,
  intervalOverrideMs: null,
  cursor: null,
  owner: null,
  counts: NOTHING_COUNTED,
  consecutiveFailures: 0,
  lastError: null,
  suspendedAt: null,
  lastPollAt: null,
  lastFireAt: null,
  firstSeenAt: null,
};

type Stored = Omit<TriggerRecord, 'name' | 'kind' | 'seenAt' | 'firstSeenAt'> & { readonly firstSeenAt: string | null };

/** A trigger as lists show it. */
export function toTriggerView(sources: TriggerSources, now: number): TriggerView {
  const { name, definition, record, live } = sources;
  const stored = record ?? NEVER_STORED;
  return {
    name,
    ...declaredOf(sources),
    enabled: isEnabled(sources),
    state: stateOf(sources, now),
    owner: stored.owner,
    ...intervalOf(stored.intervalOverrideMs ?? definition?.pollIntervalMs ?? null),
    lastPollAt: live?.lastPollAt?.toISOString() ?? stored.lastPollAt,
    nextPollAt: live?.nextPollAt?.toISOString() ?? null,
    lastFireAt: stored.lastFireAt,
    consecutiveFailures: failuresOf(sources),
    lastError: (live ?? stored).lastError,
    counts: countsOf(sources),
  };
}

/** A trigger with everything that is known of it. */
export function toTriggerDetail(sources: TriggerSources, now: number): TriggerDetail {
  const { definition } = sources;
  const { enabledOverride, intervalOverrideMs, cursor, suspendedAt, firstSeenAt } = sources.record ?? NEVER_STORED;
  return {
    ...toTriggerView(sources, now),
    options: definition?.options ?? null,
    overrides: { enabled: enabledOverride, pollInterval: intervalOf(intervalOverrideMs).pollInterval },
    cursor,
    suspendedAt,
    firstSeenAt,
    nextFireTimes: nextFireTimesOf(sources, now),
    inputSchema: definition === undefined ? null : inputSchemaOf(definition),
  };
}

/** What another process declares is not known here, but for the kind. */
function declaredOf({
  definition,
  record,
}: TriggerSources): Pick<TriggerView, 'kind' | 'workflows' | 'allowConcurrent'> {
  if (definition === undefined) return { kind: record?.kind ?? 'direct', workflows: [], allowConcurrent: false };
  const { kind, workflows, dedup } = definition;
  return { kind, workflows: workflows.map(({ name }) => name), allowConcurrent: dedup.scope === 'off' };
}

function nextFireTimesOf(sources: TriggerSources, now: number): readonly string[] | null {
  const { definition, record } = sources;
  if (definition?.kind !== 'schedule') return null;
  if (!isEnabled(sources) || (record !== undefined && record.suspendedAt !== null)) return [];
  const firstSeenAt = new Date(record?.firstSeenAt ?? now);
  return nextTicks(definition, firstSeenAt, now, NEXT_FIRE_TIMES)?.map((tick) => tick.toISOString()) ?? null;
}

function intervalOf(pollIntervalMs: number | null): Pick<TriggerView, 'pollInterval' | 'pollIntervalMs'> {
  return { pollInterval: pollIntervalMs === null ? null : formatDuration(pollIntervalMs), pollIntervalMs };
}

/** Polls that found nothing are gathered in memory for up to a quarter of an hour. */
function countsOf({ record, live }: TriggerSources): TriggerCounts {
  const written = record?.counts ?? NOTHING_COUNTED;
  const unwritten = live?.unwritten ?? NOTHING_COUNTED;
  return {
    polls: written.polls + unwritten.polls,
    fires: written.fires,
    skips: written.skips + unwritten.skips,
    duplicates: written.duplicates + unwritten.duplicates,
    failures: written.failures + unwritten.failures,
  };
}
