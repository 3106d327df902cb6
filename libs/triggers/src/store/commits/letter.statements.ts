import { batch, run, send } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import { inKeyOrder, keyOf } from './dedup.keys.js';
import { findHolders } from './dedup.statements.js';
import { freeKeys, passKeysOn } from './dedup-release.statements.js';
import type { Key } from './dedup.keys.js';
import type { FiringDraft, LetterKey } from './firing.draft.js';
import { isUndecided } from './firing.duplicates.js';
import type { Judged } from './firing.duplicates.js';
import { FIRING_COLUMNS, FIRING_NAMES, FIRING_VALUES, firingRow } from './firing.row.js';

/** A dead letter that waits for somebody and knows its key: one for each key, by the unique index of these words. */
export const OPEN_LETTER = `state IN ('dead', 'rejected') AND closed_at IS NULL AND dedup_key IS NOT NULL`;

/** A row that is there already keeps what it says; its id is answered either way. */
const INSERT_LETTER = batch(
  'letter_insert',
  { ...FIRING_COLUMNS, _origin: 'text', _until: 'instant' },
  () => `INSERT INTO triggers_firing (${FIRING_NAMES}, origin, letter_until)
    SELECT ${FIRING_VALUES}, _origin, _until FROM g WHERE true
    ON CONFLICT (dedup_space, dedup_key) WHERE ${OPEN_LETTER} DO UPDATE SET duplicates = triggers_firing.duplicates
    RETURNING id, dedup_space, dedup_key`,
);

const CLOSE_BY_KEY = batch(
  'letter_close_key',
  { _space: 'text', _key: 'bytes', _by: 'text' },
  ({ now }) => `UPDATE triggers_firing SET closed_at = ${now}, closed_by = g._by FROM g
    WHERE dedup_space = g._space AND dedup_key = g._key AND ${OPEN_LETTER} AND (letter_until IS NULL OR letter_until > ${now})`,
);

/** What was held is of the events that its keys stood for when it came, not of those that they stand for by now. */
const CLOSE_BY_HELD = batch(
  'letter_close_held',
  { _space: 'text', _key: 'bytes', _by: 'text' },
  ({ now }) => `UPDATE triggers_firing SET closed_at = ${now}, closed_by = g._by FROM g
    WHERE dedup_space = g._space AND dedup_key = g._key AND ${OPEN_LETTER}
      AND (letter_until IS NULL OR EXISTS (SELECT 1 FROM triggers_firing f WHERE f.id = g._by
        AND f.created_at >= triggers_firing.created_at AND f.created_at < triggers_firing.letter_until))`,
);

/** An equal key is another event by now: the letter stays open and is found by its id alone. */
const FORGET_KEY = batch(
  'letter_forget_key',
  { _space: 'text', _key: 'bytes' },
  ({ now }) => `UPDATE triggers_firing SET dedup_key = NULL FROM g
    WHERE dedup_space = g._space AND dedup_key = g._key AND ${OPEN_LETTER} AND letter_until <= ${now}`,
);

/** Whether a firing is kept as a dead letter, or as the record of a refused sender. */
export function isLetter({ draft: { state } }: Judged): boolean {
  return state === 'dead' || state === 'rejected';
}

/** States of a firing that took responsibility for its event. `pruned`: it has ended long ago. */
const ANSWERS: readonly string[] = ['accepted', 'held', 'debounced', 'pruned'];

/** A refused firing whose event was accepted before is a duplicate of that: a repeat, which only met broken code. */
export function* refuseAnswered(judged: readonly Judged[]): Work<void> {
  const letters = judged.flatMap((item) => {
    const key = keyToLookAt(item.draft);
    return key !== null && isLetter(item) && isUndecided(item) ? [{ item, key, name: keyOf(key) }] : [];
  });
  const holders = yield* findHolders(letters.map(({ key }) => key));
  const own = new Set(judged.map(({ draft }) => draft.id));
  for (const { item, name } of letters) {
    const holder = holders.get(name);
    if (holder !== undefined && !own.has(holder.firingId) && ANSWERS.includes(holder.state))
      item.verdict = { status: 'duplicate', of: 'dedup', ...holder };
  }
}

/** `null` where it has contended, or has none. */
function keyToLookAt({ dedup, letter }: FiringDraft): LetterKey | null {
  return dedup === null ? (letter?.key ?? null) : null;
}

/**
 * Keeps refused firings. One whose key already has an open dead letter is a duplicate of that, which holds the dedup key
 * from now on.
 */
export function* insertLetters(letters: readonly Judged[]): Work<void> {
  const first = new Map<string, Judged>();
  for (const letter of letters) {
    const name = nameOf(letter.draft);
    if (!first.has(name)) first.set(name, letter);
  }
  const inOrder = [...first].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { draft }]) => draft);
  yield* send(FORGET_KEY, keysOf(inOrder));
  const rows = yield* run(INSERT_LETTER, inOrder.map(letterRow));
  const there = new Map(rows.map((row) => [rowName(row), row['id']]));
  const known = letters.filter(({ draft }) => there.get(nameOf(draft)) !== draft.id);
  const keys = [];
  for (const letter of known) {
    const { id, state, dedup } = letter.draft;
    const firingId = there.get(nameOf(letter.draft)) as FiringDraft['id'];
    letter.verdict = { status: 'duplicate', of: 'letter', firingId, state, executionIds: [], coolingDownUntil: null };
    if (dedup !== null) keys.push({ hold: dedup, firingId: id, to: firingId });
  }
  yield* passKeysOn(keys);
}

/** What was accepted, and the keys whose dead letters that closes. */
export interface Closer {
  readonly id: FiringDraft['id'];
  readonly closes: readonly Key[];
}

/** What was accepted closes the dead letters of its keys. */
export function* closeLetters(accepted: readonly Closer[]): Work<void> {
  yield* send(CLOSE_BY_KEY, closedBy(accepted));
}

/** As {@link closeLetters}, for what is released: it came before, perhaps long ago. */
export function* closeLettersOfHeld(released: readonly Closer[]): Work<void> {
  yield* send(CLOSE_BY_HELD, closedBy(released));
}

function closedBy(closers: readonly Closer[]): unknown[][] {
  const closings = closers.flatMap(({ id, closes }) => closes.map((key) => ({ key, id })));
  return inKeyOrder(closings, ({ key }) => key).map(({ key: { space, key }, id }) => [space, key, id]);
}

/** Dead letters that are replayed give back the keys that they held, for good: the replay takes them, or needs none. */
export function* freeKeysOfReplayed(judged: readonly Judged[]): Work<void> {
  yield* freeKeys(
    judged.flatMap(({ draft: { dedup, replayOfLetter } }) =>
      dedup === null || replayOfLetter === null ? [] : [{ hold: dedup, firingId: replayOfLetter }],
    ),
  );
}

function keyOfLetter({ letter, dedup }: FiringDraft): LetterKey | null {
  return letter?.key ?? dedup;
}

function keysOf(letters: readonly FiringDraft[]): unknown[][] {
  return letters.flatMap((draft) => {
    const key = keyOfLetter(draft);
    return key === null ? [] : [[key.space, key.key]];
  });
}

/** Without a key every letter is one of its own. */
function nameOf(draft: FiringDraft): string {
  const key = keyOfLetter(draft);
  return key === null ? draft.id : keyOf(key);
}

function rowName(row: Readonly<Record<string, unknown>>): string {
  const key = row['dedup_key'] as Buffer | null;
  return key === null ? (row['id'] as string) : keyOf({ space: row['dedup_space'] as string, key });
}

/** It stands under the key of the letter, if that has one, and starts nothing. */
function letterRow(draft: FiringDraft): unknown[] {
  const { dedup, letter } = draft;
  const firing = { ...draft, executions: [], payload: letter?.payload ?? null, replayOfLetter: null };
  const { label = undefined, windowMs = null, origin, key } = letter ?? {};
  return [
    ...firingRow(firing, { ...dedup, ...(label != null && { label }), ...key, cooldown: false }),
    origin,
    windowMs,
  ];
}
