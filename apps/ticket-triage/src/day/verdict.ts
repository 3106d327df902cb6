import type { StubCall } from '../model/model.stub.js';
import type { Ledger, Row } from './account.js';
import type { Message } from './helpdesk.js';
import type { Expected } from './story.js';

/** Everything that is known when the day is over. */
export interface Outcome {
  readonly rows: readonly Row[];
  readonly ledger: Ledger;
  readonly messages: readonly Message[];
  readonly calls: readonly StubCall[];
}

/** Everything that keeps us from saying that each event was accounted for; empty when it is so. */
export function differences({ rows, ledger, messages, calls }: Outcome): string[] {
  return [
    ...rows.flatMap(differing),
    ...unknownTickets(rows, messages),
    ...unknownExecutions(rows, ledger),
    ...askedTooOften(rows, calls),
  ];
}

function differing({ story: { what, expected }, fate }: Row): string[] {
  const fields = Object.keys(expected) as (keyof Expected)[];
  return fields
    .filter((field) => (field === 'attempts' ? fate.attempts < expected.attempts : fate[field] !== expected[field]))
    .map((field) => `${what}: ${field} is ${fate[field]}, not ${expected[field]}`);
}

/** What a team was told without anybody having sent it. */
function unknownTickets(rows: readonly Row[], messages: readonly Message[]): string[] {
  const sent = new Set(rows.map(({ story }) => story.ticketId));
  const unknown = messages.filter(
    ({ channel, ticketId }) => channel.startsWith('teams/') && !sent.has(ticketId ?? null),
  );
  return unknown.map(({ channel, ticketId }) => `${channel} got ${ticketId}, which nobody sent`);
}

/** What was started for a ticket without belonging to an event. What runs by the clock may have been due meanwhile. */
function unknownExecutions(rows: readonly Row[], { firings, executions }: Ledger): string[] {
  const known = new Set(rows.map(({ story }) => story.firingId));
  const ofTickets = new Set(firings.filter(({ trigger }) => trigger === 'tickets').map(({ id }) => id));
  return executions
    .filter(({ firingId }) => ofTickets.has(firingId) && !known.has(firingId))
    .map(({ id }) => `execution ${id} belongs to no event`);
}

/** The model does the work for each ticket once; asked again under the same key it only repeats itself. */
function askedTooOften(rows: readonly Row[], calls: readonly StubCall[]): string[] {
  const tickets = rows.filter(({ story }) => story.ticketId !== null).length;
  const answered = calls.filter(({ outcome }) => outcome === 'answered');
  const keys = new Set(answered.map(({ idempotencyKey }) => idempotencyKey));
  if (answered.length === tickets && keys.size === tickets) return [];
  return [`the model answered ${answered.length} calls under ${keys.size} keys, for ${tickets} tickets`];
}
