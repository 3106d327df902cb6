import { answerTo, askAhead, batch, run } from '../dialects/batch.js';
import type { Ahead, Row, Work } from '../dialects/batch.js';
import type { FiringDraft } from './firing.draft.js';
import type { Judged } from './firing.duplicates.js';

/** The most firings that one disabled trigger holds. */
export const MAX_HELD = 10_000;

/** What stands in the way of a trigger's firings: its switch, and what was held before them. */
const READ_SWITCHES = batch(
  'switch_read',
  { _name: 'text' },
  () => `SELECT g._name AS name, t.enabled_override,
      EXISTS (SELECT 1 FROM triggers_firing f WHERE f.trigger = g._name AND f.state = 'held') AS holding
    FROM g LEFT JOIN triggers_trigger t ON t.name = g._name`,
);

const COUNT_HELD = batch(
  'held_count',
  { _name: 'text' },
  () => `SELECT g._name AS name, (SELECT COUNT(*) FROM (SELECT 1 FROM triggers_firing f
      WHERE f.trigger = g._name AND f.state = 'held' LIMIT ${MAX_HELD}) held) AS held FROM g`,
);

/** Asks for the switches that stand before these firings, those that will turn out to be duplicates among them. */
export function askSwitches(judged: readonly Judged[]): Work<Ahead> {
  return askAhead(READ_SWITCHES, namesOf(judged.filter(isGated)));
}

/**
 * Firings of disabled triggers wait, or are refused; a trigger that holds too many takes no more. While something held waits for
 * its release, what comes after it is held behind it: nothing overtakes.
 *
 * @param asked their switches
 */
export function* obeySwitches(judged: readonly Judged[], asked: Ahead): Work<void> {
  const gated = judged.filter(isGated);
  if (gated.length === 0) return;
  const switches = new Map((yield* answerTo(asked)).map((row) => [row['name'], row]));
  const waiting = gated.flatMap((item) => {
    const reason = reasonToWait(item.draft, switches.get(item.draft.trigger));
    return reason === null ? [] : [{ item, reason }];
  });
  const holding = waiting.map(({ item }) => item).filter(({ draft }) => draft.gate?.whenDisabled === 'hold');
  const held = new Map((yield* run(COUNT_HELD, namesOf(holding))).map((row) => [row['name'], Number(row['held'])]));
  for (const { item, reason } of waiting) {
    const { trigger, gate } = item.draft;
    const before = held.get(trigger) ?? 0;
    if (gate?.whenDisabled !== 'hold') item.verdict = { status: 'refused', because: 'disabled' };
    else if (before >= MAX_HELD) item.verdict = { status: 'refused', because: 'tooManyHeld' };
    else {
      held.set(trigger, before + 1);
      item.draft = { ...item.draft, state: 'held', reason, rate: null, executions: [] };
    }
  }
}

function isGated({ draft }: Judged): boolean {
  return draft.gate !== null && draft.state === 'accepted';
}

function reasonToWait({ gate }: FiringDraft, found: Row | undefined): string | null {
  const override = found?.['enabled_override'] ?? null;
  const isOn = override === null ? gate?.declaredEnabled === true : Boolean(override);
  if (!isOn) return 'trigger is disabled';
  return gate?.whenDisabled === 'hold' && Boolean(found?.['holding']) ? 'waits behind what was held before' : null;
}

function namesOf(judged: readonly Judged[]): unknown[][] {
  return [...new Set(judged.map(({ draft }) => draft.trigger))].sort().map((name) => [name]);
}
