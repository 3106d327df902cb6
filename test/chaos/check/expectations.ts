import type { Feeder } from '../world/feeder.js';
import type { Operator } from '../world/operator.js';

/** What the driver knows of a round, for the checker to hold against the ledger. */
export interface Expectations {
  readonly feeder: Feeder;
  readonly operator: Operator;
  /**
   * When the scenario took the ledger away, by `performance.now()`: what was accepted before is gone with it, and effects
   * may be older than the ledger. What was asked for after it must be there if it was acknowledged.
   */
  readonly ledgerLostAt: number | null;
  /** The wall clock jumped: instants in rows tell no order. */
  readonly clockJumped: boolean;
  /** Every process has the same, true time: a schedule misses no tick, and is silent for no longer than a tick. */
  readonly clocksAreTrue: boolean;
  /** Several nodes worked at the same time. */
  readonly several: boolean;
}
