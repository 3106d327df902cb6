import type { ExecutionState, FiringState } from '../model/states.js';
import type { TimeRange } from './conditions.js';
import type { DeadLetterKind, TickItem } from './history.types.js';

/** Which executions are asked for. */
export interface ExecutionFilter extends TimeRange {
  readonly state?: ExecutionState | undefined;
  readonly workflow?: string | undefined;
  readonly trigger?: string | undefined;
}

/** Which firings are asked for. */
export interface FiringFilter extends TimeRange {
  readonly state?: FiringState | undefined;
  readonly trigger?: string | undefined;
}

/** Which ticks are asked for. */
export interface TickFilter extends TimeRange {
  readonly trigger: string;
  readonly outcome?: TickItem['outcome'] | undefined;
}

/** Which operator actions are asked for. */
export interface AuditFilter extends TimeRange {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
}

/** Which dead letters are asked for. */
export interface DeadLetterFilter extends TimeRange {
  readonly kind?: DeadLetterKind | undefined;
  readonly trigger?: string | undefined;
  /** Of failed executions. */
  readonly workflow?: string | undefined;
  /** @default 'open' */
  readonly state?: 'open' | 'closed' | 'all' | undefined;
}
