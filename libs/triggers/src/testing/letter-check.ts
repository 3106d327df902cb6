import type { FiringRow } from '../store/entities/rows.js';

/** States of a firing that is kept as a dead letter. */
const LETTERS: ReadonlySet<string> = new Set(['dead', 'rejected']);
/** Scopes of keys that outlive what has taken them. */
const LASTING: ReadonlySet<string | null> = new Set(['window', 'ever']);

interface Checked {
  readonly row: FiringRow;
  readonly isLetter: boolean;
  /** What was accepted in its place; missing when it was pruned. */
  readonly closer: FiringRow | undefined;
  /** What was accepted later with its key, though nothing says that it was closed. */
  readonly answer: FiringRow | undefined;
}

/** Says what is wrong with a firing, or nothing. */
type LetterRule = (checked: Checked) => string | false;

const RULES: readonly LetterRule[] = [
  ({ row, isLetter }) =>
    row.closedAt !== null && !isLetter && `is no dead letter, but closed at ${String(row.closedAt)}`,
  ({ row }) => row.closedBy !== null && row.closedAt === null && `was closed by ${row.closedBy}, but is open`,
  ({ closer }) =>
    closer !== undefined && closer.state !== 'accepted' && `was closed by a firing that is ${closer.state}`,
  ({ row, isLetter }) =>
    row.letterUntil !== null && !isLetter && `is no dead letter, but one event until ${String(row.letterUntil)}`,
  ({ row: { createdAt, letterUntil } }) =>
    letterUntil !== null && letterUntil <= createdAt && 'has a key that was another event when it came',
  ({ row, closer }) =>
    closer !== undefined && isOfAnotherEvent(row, closer) && `was closed by ${closer.id}, which is of another event`,
  ({ answer }) => answer !== undefined && `is open, though ${answer.id} was accepted later with its key`,
];

/** What cannot be about dead letters: how they were closed, and for how long their keys are one event. */
export function checkLetters(firings: ReadonlyMap<string, FiringRow>): string[] {
  const accepted = new Map<string, FiringRow>();
  for (const row of firings.values()) {
    const name = nameOf(row);
    if (name !== null && row.state === 'accepted' && LASTING.has(row.dedupScope)) accepted.set(name, row);
  }
  return [...firings.values()].flatMap((row) => {
    const checked: Checked = {
      row,
      isLetter: LETTERS.has(row.state),
      closer: row.closedBy === null ? undefined : firings.get(row.closedBy),
      answer: answerTo(row, accepted.get(nameOf(row) ?? '')),
    };
    const problems = RULES.map((rule) => rule(checked)).filter((problem) => problem !== false);
    return problems.map((problem) => `firing ${row.id} (${row.state}) ${problem}`);
  });
}

/** A replay may come at any time; a delivery closes a letter only while an equal key is its event. */
function isOfAnotherEvent(letter: FiringRow, closer: FiringRow): boolean {
  const { letterUntil, id } = letter;
  const isByKey = closer.replayOf !== id && nameOf(letter) !== null && nameOf(closer) === nameOf(letter);
  return isByKey && letterUntil !== null && closer.createdAt >= letterUntil;
}

/** Of a key that is one event for ever. */
function answerTo(letter: FiringRow, accepted: FiringRow | undefined): FiringRow | undefined {
  const { state, closedAt, letterUntil, createdAt } = letter;
  const waits = LETTERS.has(state) && closedAt === null && letterUntil === null;
  return waits && accepted !== undefined && accepted.createdAt > createdAt ? accepted : undefined;
}

function nameOf({ dedupSpace, dedupKey }: FiringRow): string | null {
  return dedupKey === null ? null : `${String(dedupSpace)}/${dedupKey.toString('hex')}`;
}
