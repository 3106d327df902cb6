/** How much a curve may rise over the second half of a run. */
export interface Allowance {
  /** In the unit of the curve. */
  readonly rise: number;
  /** Or this share of its median, whichever is more. */
  readonly share?: number;
  /** What this curve, of something that is none of ours, rises by (relatively) is allowed as well. */
  readonly beside?: string;
  /** What the rule needs to say anything: pruning must have reached its balance before the second half begins. */
  readonly fromMinutes?: number;
}

/** A curve: what a sample calls it, what people call it, and what is asked of it. */
export interface Series {
  readonly key: string;
  readonly name: string;
  readonly unit: string;
  /** Without one it is shown, not judged. */
  readonly flat?: Allowance;
}

const PRUNED: Allowance = { rise: 1, share: 0.1, fromMinutes: 10 };
const PRUNED_ROWS: Allowance = { rise: 200, share: 0.1, fromMinutes: 10 };
const QUICK: Allowance = { rise: 5, share: 0.5, beside: 'controlP99' };

const curve = (key: string, name: string, unit: string, flat?: Allowance): Series => {
  return { key, name, unit, ...(flat && { flat }) };
};

/** Every curve of a run. */
export const SERIES: readonly Series[] = [
  curve('rss', 'resident memory', 'MB', { rise: 30 }),
  curve('heapUsed', 'heap', 'MB'),
  curve('heapLive', 'heap after a collection', 'MB', { rise: 8 }),
  curve('external', 'external memory', 'MB', { rise: 5 }),
  curve('handles', 'active handles', '', { rise: 2 }),
  curve('timers', 'timers', '', { rise: 2 }),
  curve('files', 'open files', '', { rise: 2 }),
  curve('database', 'database', 'MB'),
  curve('databaseWithoutKept', 'database without what is kept for ever', 'MB', PRUNED),
  curve('pruned', 'pruned tables', 'MB', PRUNED),
  curve('kept', 'kept for ever', 'MB'),
  curve('log', 'write-ahead log', 'MB', { rise: 4, fromMinutes: 10 }),
  curve('rows_firing', 'firings', 'rows', PRUNED_ROWS),
  curve('rows_execution', 'executions', 'rows', PRUNED_ROWS),
  curve('rows_task', 'tasks', 'rows', PRUNED_ROWS),
  curve('rows_tick', 'ticks', 'rows', PRUNED_ROWS),
  curve('rows_dedup', 'dedup keys', 'rows'),
  curve('rows_audit', 'audit', 'rows'),
  curve('lateP99', 'lateness of polls, p99', 'ms', QUICK),
  curve('loopDelayP99', 'event-loop delay, p99', 'ms', QUICK),
  curve('controlP99', 'an idle process', 'ms'),
  curve('latencyP50', 'fire → completed, p50', 'ms', QUICK),
  curve('latencyP99', 'fire → completed, p99', 'ms', QUICK),
  curve('open', 'open executions', '', { rise: 5 }),
  curve('completed', 'completed', '/s'),
  curve('cpu', 'CPU', 'ms/s', { rise: 20, share: 0.25 }),
];
