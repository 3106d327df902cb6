import { tally } from 'play';
import type { Answer, Event } from './ticket-system.js';

/** What became of an event, in the words of the table; `–` for nothing. */
export interface Fate {
  /** What its sender was told: every answer, how often. */
  readonly answered: string;
  readonly firing: string;
  readonly execution: string;
  /** At the slowest task. */
  readonly attempts: number;
  /** How often a task was taken back from a process that died. */
  readonly rescues: number;
  /** Who was told. */
  readonly wentTo: string;
  readonly alerts: number;
}

/** `attempts` are the fewest; rescues are a matter of luck. */
export type Expected = Omit<Fate, 'rescues'>;

/** One event of the day, and what should become of it. */
export interface Story {
  readonly what: string;
  readonly answered: readonly string[];
  /** `null`: its sender was not told one. */
  readonly firingId: string | null;
  /** Of events about a ticket that a team should get. */
  readonly ticketId: string | null;
  /** Of events that the ticket system sent and we accepted. */
  readonly event: Event | null;
  readonly expected: Expected;
}

/** An accepted event of which nothing special is expected. */
export const DONE: Omit<Expected, 'wentTo'> = {
  answered: '200 accepted',
  firing: 'accepted',
  execution: 'completed',
  attempts: 1,
  alerts: 0,
};

/** An event that starts nothing. */
export const NOTHING: Omit<Expected, 'answered' | 'firing'> = { execution: '–', attempts: 0, wentTo: '–', alerts: 0 };

/** `200 accepted`, `401`, `no answer` */
export function wordsOf({ status, verdict }: Pick<Answer, 'status' | 'verdict'>): string {
  if (status === null) return 'no answer';
  return verdict === null ? String(status) : `${status} ${verdict}`;
}

/** `200 accepted, 200 duplicate ×2`: in the order in which they came first. How often nobody answered is a matter of luck. */
export function summed(answers: readonly string[]): string {
  const counts = [...tally(answers)];
  const words = counts.map(([answer, count]) =>
    count === 1 || answer === 'no answer' ? answer : `${answer} ×${count}`,
  );
  return words.join(', ');
}
