import type { TriggerResult } from '../../model/trigger-result.js';

/**
 * What one poll is told.
 *
 * @typeParam Cursor what the last result left as `cursor`; it has been through JSON
 */
export interface Poll<Cursor = unknown> {
  /** The name of the trigger. */
  readonly trigger: string;
  /** Where the last committed result said to go on; `undefined` at first. */
  readonly cursor: Cursor | undefined;
  /** When this trigger last fired; `null` if never. */
  readonly lastFiredAt: Date | null;
  /** When this poll began, by the clock of the application: in a test by the test clock. */
  readonly now: Date;
  /** Aborted at the timeout, at shutdown and when this node loses its lease. */
  readonly signal: AbortSignal;
  /** Nothing of this poll will be written: an operator tries the trigger out. */
  readonly dryRun: boolean;
  /** Failed polls in a row before this one. */
  readonly consecutiveFailures: number;
}

/**
 * A trigger that is a class: `@Trigger` on it makes it a provider and polls it.
 *
 * @example
 * @Trigger({ workflow: FileProcessor, pollInterval: '2s' })
 * export class Inbox implements TriggerSource<FileArrived> {
 *   async poll(poll: Poll<{ since: number }>): Promise<TriggerResult<FileArrived>> { … }
 * }
 */
export interface TriggerSource<C extends object = object> {
  /** Looks whether something happened. */
  poll(poll: Poll): Promise<TriggerResult<C>> | TriggerResult<C>;
  /** Called once before the first poll: open connections here. */
  onTriggerInit?(): void | Promise<void>;
  /** Called once after the last poll. */
  onTriggerDestroy?(): void | Promise<void>;
}
