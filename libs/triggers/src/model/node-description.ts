import type { NodeRole } from './node-roles.js';

/** What a process of the application says of itself. */
export interface NodeDescription {
  readonly name: string;
  readonly host: string;
  /** Its process id on that host. */
  readonly pid: number;
  /** Of this package. */
  readonly version: string;
  readonly roles: readonly NodeRole[];
  /** The pools whose tasks it runs; none without the role `worker`. */
  readonly pools: readonly string[];
  /** Tasks that it runs at once; 0 without the role `worker`. */
  readonly concurrency: number;
  /** What it declares, as `workflow:hash`. */
  readonly workflows: readonly string[];
}
