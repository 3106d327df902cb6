import { batch, run } from '../dialects/batch.js';
import type { Work } from '../dialects/batch.js';
import type { FiringDraft } from './firing.draft.js';
import type { Judged } from './firing.duplicates.js';

/** The most firings that one disabled trigger holds. */
export const MAX_HELD = 10_000;

const READ_SWITCHES = batch(
  'switch_read',
  { _name: 'text' },
  () => `SELECT name, enabled_override FROM triggers_trigger WHERE name IN (SELECT _name FROM g)`,
);

const COUNT_HELD = batch(
  'held_count',
  { _name: 'text' },
  () => `SELECT g._name AS name, (SELECT COUNT(*) FROM (SELECT 1 FROM triggers_firing f
      WHERE f.trigger = g._name AND f.state = 'held' LIMIT ${MAX_HELD}) held) AS held FROM g`,
);

/** Firings of disabled triggers wait, or are refused; a trigger that holds too many takes no more. */
export function* obeySwitches(judged: readonly Judged[]): Work<void> {
  const gated = judged.filter(({ draft }) => draft.gate !== null && draft.state === 'accepted');
  const overrides = new Map(
    (yield* run(READ_SWITCHES, namesOf(gated))).map((row) => [row['name'], row['enabled_override']]),
  );
  const off = gated.filter(({ draft }) => !isOn(draft, overrides.get(draft.trigger)));
  const holding = off.filter(({ draft }) => draft.gate?.whenDisabled === 'hold');
  const held = new Map((yield* run(COUNT_HELD, namesOf(holding))).map((row) => [row['name'], Number(row['held'])]));
  for (const item of off) {
    const { trigger, gate } = item.draft;
    const waiting = held.get(trigger) ?? 0;
    if (gate?.whenDisabled !== 'hold') item.verdict = { status: 'refused', because: 'disabled' };
    else if (waiting >= MAX_HELD) item.verdict = { status: 'refused', because: 'tooManyHeld' };
    else {
      held.set(trigger, waiting + 1);
      item.draft = { ...item.draft, state: 'held', reason: 'trigger is disabled', rate: null, executions: [] };
    }
  }
}

function isOn({ gate }: FiringDraft, override: unknown): boolean {
  return override === null || override === undefined ? gate?.declaredEnabled === true : Boolean(override);
}

function namesOf(judged: readonly Judged[]): unknown[][] {
  return [...new Set(judged.map(({ draft }) => draft.trigger))].sort().map((name) => [name]);
}
