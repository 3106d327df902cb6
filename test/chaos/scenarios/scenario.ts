import type { StoreName, TransportName } from '../../../bench/harness/choices.js';
import type { World } from '../world/world.js';
import type { CrashPoint } from 'nestjs-triggers/testing';

/** What a scenario is told of the command line. */
export interface ScenarioOptions {
  /** The point and the time of a crash, where somebody wants a certain one. */
  readonly point?: CrashPoint;
  readonly nth?: number;
}

/** One kind of fault. */
export interface Scenario {
  readonly name: string;
  readonly stores: readonly StoreName[];
  /**
   * It is about several nodes on one ledger, which are fed as long as it injects faults. The others start what
   * processes they need, mostly one.
   */
  readonly several?: true;
  /** The transport that it is about. */
  readonly needs?: TransportName;
  /** The wall clock of the processes jumps. */
  readonly movesClock?: boolean;
  /** The wall clocks of the processes differ from the start on. */
  readonly clocksDiffer?: true;
  /**
   * Starts processes, injects the fault while they are fed, and leaves processes behind that can end the work. The work
   * is fed from `world.feed()` on.
   */
  run(world: World, options: ScenarioOptions): Promise<void>;
}
