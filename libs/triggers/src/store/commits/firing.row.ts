import type { DedupWish, FiringDraft } from './firing.draft.js';

/** What a new firing consists of, in the order of {@link firingRow}. */
export const FIRING_COLUMNS = {
  _id: 'text',
  _trigger: 'text',
  _kind: 'text',
  _state: 'text',
  _space: 'text',
  _key: 'bytes',
  _scope: 'text',
  _cooldown: 'bool',
  _label: 'text',
  _context: 'text',
  _executions: 'text',
  _open: 'int',
  _reason: 'text',
  _by: 'text',
  _caused: 'text',
  _depth: 'int',
  _priority: 'int',
  _delivery: 'bytes',
  _replay: 'text',
  _scheduled: 'at',
  _created: 'instant',
  _payload: 'text',
} as const;

/** Their names in the table. */
export const FIRING_NAMES = `id, trigger, kind, state, dedup_space, dedup_key, dedup_scope, dedup_cooldown, dedup_label,
  context, executions, open_executions, reason, initiated_by, caused_by, depth, priority, delivery_key, replay_of, scheduled_for, created_at, payload`;

/** Their values in a statement. */
export const FIRING_VALUES = Object.keys(FIRING_COLUMNS).join(', ');

/** A new firing as the values of {@link FIRING_COLUMNS}. @param held the key that stands in it */
export function firingRow(draft: FiringDraft, held: Partial<DedupWish> | null = draft.dedup): unknown[] {
  const ids = draft.executions.map(({ id }) => id);
  return [
    draft.id,
    draft.trigger,
    draft.kind,
    draft.state,
    held?.space,
    held?.key,
    held?.scope,
    held?.cooldown ?? false,
    held?.label,
    draft.context,
    JSON.stringify(ids),
    ids.length,
    draft.reason,
    draft.initiatedBy,
    draft.causedBy,
    draft.depth,
    ...whatWaits(draft),
    draft.replayOf ?? draft.replayOfLetter,
    draft.scheduledFor,
    0,
    draft.payload,
  ];
}

/** What only its release asks for: how urgent it is, and the key of the delivery that it came in, if that is another one. */
function whatWaits({
  state,
  priority,
  dedup,
  closes,
}: FiringDraft): [priority: number | null, delivery: Buffer | null] {
  if (state !== 'held') return [null, null];
  const delivery = closes.find(({ key }) => dedup?.key.equals(key) !== true);
  return [priority, delivery?.key ?? null];
}
