import type { ExecutionRow } from '../store/entities/rows.js';
import { batch } from '../store/dialects/batch.js';
import type { Row } from '../store/dialects/batch.js';

/** Ends that wait to be followed. */
export const FOLLOW_UPS = batch(
  'check_follow_ups',
  {},
  () => `SELECT id, execution_id, trigger, state FROM triggers_follow_up`,
);

/** What rate limits remember. */
export const RATES = batch('check_rates', {}, () => `SELECT space, tat FROM triggers_rate`);

/** Each is of an execution that ended so: what has completed stays so, and what has not may have been retried since. */
export function checkFollowUps(rows: readonly Row[], executions: ReadonlyMap<string, ExecutionRow>): string[] {
  return rows.flatMap(({ id, execution_id: executionId, state }) => {
    const name = `follow-up ${String(id)}`;
    const execution = executions.get(executionId as string);
    if (execution === undefined) return [`${name} is of no execution`];
    return state === 'completed' && execution.state !== 'completed'
      ? [`${name} says that execution ${execution.id} has completed, but it is ${execution.state}`]
      : [];
  });
}

/** A row is made when a token is asked for, and in the same commit the next one gets its time. */
export function checkRates(rows: readonly Row[]): string[] {
  return rows
    .filter(({ tat }) => !Number.isFinite(Number(tat)) || Number(tat) <= 0)
    .map(({ space, tat }) => `the rate of ${String(space)} has its next token at ${String(tat)}`);
}
