import type { TriggerDefinition } from '../intake/trigger.definition.js';

/**
 * Where firings begin. A source finds its own definitions at boot, adds them to the `TriggerRegistry`, and calls intake
 * when something happens; it never starts anything by itself.
 */
export interface Source {
  /** Finds and checks the definitions of this kind; problems go to `DefinitionProblems`. Called once, at boot. */
  discover(): Promise<readonly TriggerDefinition[]>;
  /** Every definition stands and the store is open: makes what has to be there before anybody works, whether this process will or not. */
  open?(): Promise<void>;
  /** Learns what it must know before anything runs here: before {@link start}, and before tasks of dead nodes are taken over. */
  prepare?(): Promise<void>;
  /** Begins to notice things. Called when this process may run its engine. */
  start?(): Promise<void>;
  /** Stops noticing; what is on its way may end until `signal` aborts. */
  stop?(signal: AbortSignal): Promise<void>;
  /** The lease of this process was renewed. Never throws. */
  renewed?(): Promise<void>;
  /** Another process told that this trigger was changed; `null`: anything may have been. Never throws. */
  noticed?(name: string | null): Promise<void>;
  /** The lease of this process is lost: what must have one owner ends at once. */
  leaseLost?(): void;
}

/** Injects every {@link Source}, in the order in which they are asked. */
export const SOURCES = Symbol('sources');
