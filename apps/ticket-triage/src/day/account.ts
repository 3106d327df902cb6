import type { AdminClient, Execution, Firing } from './admin.client.js';
import type { Message } from './helpdesk.js';
import { summed } from './story.js';
import type { Fate, Story } from './story.js';

const TRIGGERS = ['tickets', 'daily_report', 'clean_up', 'export_tickets'];

/** Everything that the admin API knows of the day. */
export interface Ledger {
  readonly firings: readonly Firing[];
  readonly executions: readonly Execution[];
}

/** A story with what became of it. */
export interface Row {
  readonly story: Story;
  readonly fate: Fate;
}

/** Asks the admin API, over HTTP. */
export async function readLedger(admin: AdminClient): Promise<Ledger> {
  const firings = (await Promise.all(TRIGGERS.map((trigger) => admin.firings(trigger)))).flat();
  const ids = firings.flatMap(({ executionIds }) => executionIds);
  return { firings, executions: await Promise.all(ids.map((id) => admin.execution(id))) };
}

/**
 * What became of each event: by the ledger, and by what the helpdesk was told. Forgeries are told no id; their rows are those
 * that no other story has, in the order in which they came.
 */
export function account(
  stories: readonly Story[],
  { firings, executions }: Ledger,
  messages: readonly Message[],
): Row[] {
  const claimed = new Set(stories.map(({ firingId }) => firingId));
  const forged = firings.filter(({ id, state }) => state === 'rejected' && !claimed.has(id));
  return stories.map((story) => {
    const isForgery = story.firingId === null && story.expected.firing === 'rejected';
    const firing = isForgery ? forged.shift() : firings.find(({ id }) => id === story.firingId);
    const execution = executions.find(({ firingId }) => firingId === firing?.id);
    return { story, fate: fateOf(story, { firing, execution }, messages) };
  });
}

interface Found {
  readonly firing: Firing | undefined;
  readonly execution: Execution | undefined;
}

function fateOf({ answered, ticketId }: Story, { firing, execution }: Found, messages: readonly Message[]): Fate {
  const ids = [firing?.id, execution?.id].filter((id) => id !== undefined);
  return {
    answered: summed(answered),
    firing: firing?.state ?? '–',
    execution: execution?.state ?? '–',
    attempts: Math.max(0, ...(execution?.tasks ?? []).map(({ attempts }) => attempts.length)),
    rescues: Math.max(0, ...(execution?.tasks ?? []).map(({ rescues }) => rescues)),
    wentTo: placeOf(ticketId, execution, messages),
    alerts: messages.filter(({ channel, about }) => channel === 'alerts' && ids.includes(about ?? '')).length,
  };
}

function placeOf(ticketId: string | null, execution: Execution | undefined, messages: readonly Message[]): string {
  if (execution?.workflow === 'daily_report')
    return messages.some(({ channel }) => channel === 'reports') ? 'reports' : '–';
  if (execution?.workflow === 'ticket_export') return execution.result?.['file'] === undefined ? '–' : 'a file';
  const told = messages.filter((message) => ticketId !== null && message.ticketId === ticketId);
  const places = told.map(({ channel, page }) => `${channel.replace('teams/', '')}${page === true ? ', paged' : ''}`);
  return places.join(' and ') || '–';
}
