import { comes } from 'play';
import type { Fired, Firing } from './admin.client.js';
import { PATIENCE_MS } from './scene.js';
import type { Act } from './scene.js';
import { DONE, NOTHING, wordsOf } from './story.js';
import type { Expected, Story } from './story.js';

const DAY_MS = 24 * 3_600_000;

interface Schedule {
  readonly nextFireTimes: readonly string[];
}

/** What runs once a day, and when it will; by hand, for we cannot wait that long. */
export const report: Act = async ({ admin, tell }) => {
  const { nextFireTimes } = await admin.ask<Schedule>('GET', '/daily_report');
  tell(`09:00  daily_report would fire at ${nextFireTimes.slice(0, 3).join(', ')}; an operator fires it now`);
  const fired = await admin.fire('daily_report');
  return [storyOf('daily_report, by hand', [fired], { ...DONE, answered: '202 accepted', wentTo: 'reports' })];
};

/** What runs every few minutes, and here every few seconds, has run by itself meanwhile. */
export const cleaning: Act = async ({ admin, tell }) => {
  let ticks: Firing[] = [];
  await comes(async () => {
    ticks = (await admin.firings('clean_up')).filter(({ executionIds }) => executionIds.length > 0);
    return ticks.length > 0;
  }, PATIENCE_MS);
  tell(`18:00  clean_up has fired by itself, ${ticks.length} times so far`);
  const expected = { ...DONE, answered: '–', wentTo: '–' };
  const [first] = ticks;
  const story = { what: 'clean_up, by its own tick', answered: ['–'], firingId: first?.id ?? null };
  return [{ ...story, ticketId: null, event: null, expected }];
};

/** An export with parameters, clicked twice; and one whose parameters make no sense. */
export const exporting: Act = async ({ admin, tell }) => {
  tell('17:00  an operator exports the tickets of the day with a double click, and another time with a wrong date');
  const to = dayOf(Date.now() + DAY_MS);
  const input = { from: dayOf(Date.now() - DAY_MS), to, team: 'billing' };
  const clicks = await Promise.all([admin.fire('export_tickets', input), admin.fire('export_tickets', input)]);
  clicks.sort((a, b) => a.verdict.localeCompare(b.verdict));
  const refused = await admin.fire('export_tickets', { from: 'yesterday', to });
  return [
    storyOf('export_tickets, clicked twice', clicks, {
      ...DONE,
      answered: '202 accepted, 202 duplicate',
      wentTo: 'a file',
    }),
    storyOf('export_tickets from "yesterday"', [refused], {
      ...NOTHING,
      answered: '422 TRG_CONTEXT_SCHEMA',
      firing: '–',
    }),
  ];
};

function storyOf(what: string, answers: readonly Fired[], expected: Expected): Story {
  const answered = answers.map(wordsOf);
  return { what, answered, firingId: answers[0]?.firingId ?? null, ticketId: null, event: null, expected };
}

/** In UTC. */
function dayOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10);
}
