/**
 * Where firings begin. A source finds its own definitions at boot, adds them to the `TriggerRegistry`, and calls intake
 * when something happens; it never starts anything by itself.
 */
export interface Source {
  /** Finds and checks the definitions of this kind; problems go to `DefinitionProblems`. Called once, at boot. */
  discover(): Promise<void>;
  /** Begins to notice things. Called when this process may run its engine. */
  start(): Promise<void>;
  /** Stops noticing; what is on its way may end until `signal` aborts. */
  stop(signal: AbortSignal): Promise<void>;
}
