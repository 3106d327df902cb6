import { OPEN_LETTER } from './commits/letter.statements.js';
import { batch, run } from './dialects/batch.js';
import type { Work } from './dialects/batch.js';

const NAMES = { _from: 'text', _to: 'text' } as const;

const RENAME = batch(
  'trigger_rename',
  NAMES,
  () => `UPDATE triggers_trigger SET name = g._to, owner = NULL, wanted_by = NULL, epoch = epoch + 1
    FROM g WHERE name = g._from`,
);

const RENAME_KEYS = batch(
  'trigger_rename_keys',
  NAMES,
  () => `UPDATE triggers_dedup SET trigger = g._to FROM g WHERE trigger = g._from`,
);

const RENAME_HELD = batch(
  'trigger_rename_held',
  NAMES,
  () => `UPDATE triggers_firing SET trigger = g._to, dedup_space = CASE WHEN dedup_space = g._from THEN g._to ELSE dedup_space END
    FROM g WHERE trigger = g._from AND state = 'held'`,
);

/**
 * Found among what waits, not in the whole history of the trigger: the states of the partial index are said in its words.
 * Where the new name has an open letter of that key, left behind by a former life, both stay.
 */
const RENAME_LETTERS = batch(
  'trigger_rename_letters',
  NAMES,
  ({
    ifSo,
  }) => `UPDATE triggers_firing SET trigger = g._to, dedup_space = CASE WHEN dedup_space = g._from THEN g._to ELSE dedup_space END
    FROM g WHERE ${ifSo('trigger = g._from')} AND state IN ('held', 'dead', 'rejected') AND closed_at IS NULL
      AND (state = 'dead' OR (state = 'rejected' AND (context IS NOT NULL OR payload IS NOT NULL)))
      AND NOT EXISTS (SELECT 1 FROM triggers_firing o
        WHERE o.dedup_space = g._to AND o.dedup_key = triggers_firing.dedup_key
          AND o.state IN ('dead', 'rejected') AND o.closed_at IS NULL AND o.dedup_key IS NOT NULL)`,
);

/** Firings whose keys were carried over give them back under the new name. */
const RENAME_SPACES = batch(
  'trigger_rename_spaces',
  NAMES,
  () => `UPDATE triggers_firing SET dedup_space = g._to FROM g
    WHERE dedup_space = g._from AND id IN (SELECT d.firing_id FROM triggers_dedup d WHERE d.trigger IN (SELECT _to FROM g))
      AND NOT (${OPEN_LETTER})`,
);

const RENAME_FOLLOW_UPS = batch(
  'trigger_rename_follow_ups',
  NAMES,
  () => `UPDATE triggers_follow_up SET trigger = g._to FROM g WHERE trigger = g._from`,
);

/** Where the new name has a count of that message, left behind by a former life, both stay: the old one is pruned. */
const RENAME_FAILURES = batch(
  'trigger_rename_failures',
  NAMES,
  () => `UPDATE triggers_delivery SET trigger = g._to FROM g WHERE trigger = g._from
    AND NOT EXISTS (SELECT 1 FROM triggers_delivery o WHERE o.trigger = g._to AND o.key = triggers_delivery.key)`,
);

const RENAMES = [
  RENAME,
  RENAME_KEYS,
  RENAME_HELD,
  RENAME_LETTERS,
  RENAME_SPACES,
  RENAME_FOLLOW_UPS,
  RENAME_FAILURES,
] as const;

/**
 * Gives triggers other names, with everything that waits: keys, ends to be followed, counts of failed messages, held firings and open dead
 * letters, so that they are released, replayed and closed under the new one. What has ended keeps the name that it ran under.
 *
 * @param renamed pairs of the former name and the new one, which no trigger has
 */
export function* renameTriggers(renamed: readonly (readonly [from: string, to: string])[]): Work<void> {
  for (const each of RENAMES) yield* run(each, renamed);
}
