import type { AdminClient, Execution, Firing } from './admin.client.js';
import type { Mail } from './post.js';
import { TRIGGERS, summed } from './story.js';
import type { Claim, Fate, Story, TriggerName } from './story.js';

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

/** The stories, and the firings that belong to none of them. */
export interface Account {
  readonly rows: readonly Row[];
  readonly unclaimed: readonly Firing[];
}

/** Asks the admin API, over HTTP. */
export async function readLedger(admin: AdminClient): Promise<Ledger> {
  const triggers = Object.keys(TRIGGERS) as TriggerName[];
  const firings = (await Promise.all(triggers.map((trigger) => admin.firings(trigger)))).flat();
  return { firings, executions: await admin.executions() };
}

/**
 * What became of each write, by the ledger and by what the post has taken. A firing belongs to one write only, the oldest to
 * the first.
 */
export function account(stories: readonly Story[], { firings, executions }: Ledger, mails: readonly Mail[]): Account {
  const left = [...firings];
  const rows = stories.map((story) => {
    const own = story.starts.flatMap((claim) => (claim.isRepeat ? [] : take(left, claim)));
    const repeated = story.starts.filter((claim) => claim.isRepeat && firings.some((one) => isRepeated(one, claim)));
    const ids = own.flatMap(({ executionIds }) => executionIds);
    const ended = ids.map((id) => executions.find((execution) => execution.id === id)?.state ?? 'missing');
    const told = mails.filter(({ executionId }) => ids.includes(executionId));
    const states = [...own.map(({ state }) => state), ...repeated.map(() => 'duplicate')];
    const fate = {
      answered: story.answered,
      firing: [story.seen, summed(states)].filter((words) => words !== undefined).join(', then '),
      execution: summed(ended),
      mail: summed(told.map(({ about }) => about)),
    };
    return { story, fate };
  });
  return { rows, unclaimed: left };
}

function take(left: Firing[], claim: Claim): Firing[] {
  const at = left.findIndex((firing) => isAbout(firing, claim));
  return at < 0 ? [] : left.splice(at, 1);
}

function isAbout({ trigger, context }: Firing, claim: Claim): boolean {
  return trigger === claim.trigger && context?.[TRIGGERS[claim.trigger].id] === claim.id;
}

function isRepeated(firing: Firing, claim: Claim): boolean {
  return isAbout(firing, claim) && firing.duplicates > 0;
}
