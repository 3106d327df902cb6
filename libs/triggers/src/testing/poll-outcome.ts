import type { TriggersService } from '../admin/triggers.service.js';
import type { FireOutcome } from '../intake/fire.types.js';
import type { ExecutionId } from '../model/ids.js';

/** What came of one poll. */
export interface PollOutcome {
  /** `duplicate`: it fired, and everything had been seen before. `superseded`: cursor, switch or owner changed meanwhile. */
  readonly status: 'fired' | 'duplicate' | 'skipped' | 'failed' | 'superseded';
  /** The executions that it started; those of the originals for duplicates. */
  readonly executionIds: readonly ExecutionId[];
  /** What became of each item, in their order. */
  readonly outcomes: readonly FireOutcome[];
  /** Why it was skipped. */
  readonly reason: string | null;
  /** Why it failed. */
  readonly error: string | null;
}

/** The report of a poll in one shape, so that a test need not ask which it is before it looks. */
export function toPollOutcome(report: Awaited<ReturnType<TriggersService['poll']>>): PollOutcome {
  const outcomes = report.status === 'fired' ? report.outcomes : [];
  const isRepeat = outcomes.length > 0 && outcomes.every(({ status }) => status === 'duplicate');
  return {
    status: isRepeat ? 'duplicate' : report.status,
    executionIds: outcomes.flatMap(({ executionIds }) => executionIds),
    outcomes,
    reason: 'reason' in report ? report.reason : null,
    error: 'error' in report ? report.error : null,
  };
}
