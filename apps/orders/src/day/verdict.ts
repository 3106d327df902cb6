import type { Account, Row } from './account.js';
import type { Fate } from './story.js';

/** Everything that is known when the day is over. */
export interface Outcome extends Account {
  /** Changes that are committed and not fired. */
  readonly waiting: number;
  /** How many mails the post has taken. */
  readonly mails: number;
}

/** Everything that keeps us from saying that each write was accounted for; empty when it is so. */
export function differences({ rows, unclaimed, waiting, mails }: Outcome): string[] {
  const expected = rows.reduce((sum, { story }) => sum + countOf(story.expected.mail), 0);
  return [
    ...rows.flatMap(differing),
    ...unclaimed.map(({ id, trigger, state }) => `firing ${id} of ${trigger}, ${state}, belongs to no write`),
    ...(waiting === 0 ? [] : [`${waiting} changes are in the outbox still`]),
    ...(mails === expected ? [] : [`the post took ${mails} mails, not ${expected}`]),
  ];
}

/** How many of the writes were told that nothing of them is left. */
export function rolledBack({ rows }: Account): number {
  return rows.filter(({ fate: { answered } }) => answered === '409' || answered === 'ROLLBACK').length;
}

function differing({ story: { what, expected }, fate }: Row): string[] {
  const fields = Object.keys(expected) as (keyof Fate)[];
  return fields
    .filter((field) => fate[field] !== expected[field])
    .map((field) => `${what}: ${field} is ${fate[field]}, not ${expected[field]}`);
}

/** How many things `welcome, review ×3` stands for. */
export function countOf(words: string): number {
  if (words === '–') return 0;
  return words.split(', ').reduce((sum, word) => sum + Number(/ ×(\d+)$/.exec(word)?.[1] ?? 1), 0);
}
