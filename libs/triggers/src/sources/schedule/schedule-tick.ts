/** What the method of a schedule is told: one instant that its calendar names. */
export interface ScheduleTick {
  /** The name of the trigger. */
  readonly trigger: string;
  /** The instant of the tick, which is the dedup key of what it fires. The method runs at it or up to `maxLateness` later. */
  readonly scheduledFor: Date;
  /** When this trigger last fired; `null` if never. */
  readonly lastFiredAt: Date | null;
  /** Aborted at the timeout, at shutdown and when this node loses its lease. */
  readonly signal: AbortSignal;
  /** Nothing of this tick will be written: an operator tries the trigger out. */
  readonly dryRun: boolean;
}

/** What a tick fires when its method returns nothing. */
export interface ScheduledContext {
  /** The instant of the tick, ISO 8601 in UTC. */
  readonly scheduledFor: string;
}
