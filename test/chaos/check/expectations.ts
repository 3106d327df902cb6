import type { Feeder } from '../world/feeder.js';
import type { Operator } from '../world/operator.js';

/** What the driver knows of a round, for the checker to hold against the ledger. */
export interface Expectations {
  readonly feeder: Feeder;
  readonly operator: Operator;
  /** The scenario took the ledger away: what was accepted before is gone with it, and effects are older than the ledger. */
  readonly ledgerWasLost: boolean;
  /** The wall clock jumped: instants in rows tell no order. */
  readonly clockJumped: boolean;
}
