import type { Duration } from '../../model/duration.js';
import { DEFAULT_TRIGGER_OPTIONS } from '../../intake/trigger-options.js';
import type { FromConfig, TriggerBaseOptions, WorkflowRefs } from '../../intake/trigger-options.js';
import type { Poll } from './poll.js';

/** Told of a failed poll; it observes and never changes the outcome. */
export type PollErrorObserver = PollErrorFunction | string;

/** As {@link PollErrorObserver}, as a function. */
export type PollErrorFunction = (error: Error, poll: Poll) => unknown;

/** Options of `@Trigger`. */
export interface TriggerOptions<
  W extends WorkflowRefs = WorkflowRefs,
  E extends PollErrorObserver = PollErrorObserver,
> extends TriggerBaseOptions<W> {
  /** From the start of one poll to the start of the next; at least 10 ms. @default DEFAULT_POLL_OPTIONS.pollInterval */
  readonly pollInterval?: FromConfig<Duration>;
  /**
   * Whether the same context may be fired while executions of it run. `false` means `dedup: { while: 'running' }`,
   * `true` means `dedup: 'off'`, unless `dedup` says otherwise. @default DEFAULT_POLL_OPTIONS.allowConcurrent
   */
  readonly allowConcurrent?: boolean;
  /** How long one poll may take. @default DEFAULT_POLL_OPTIONS.timeout */
  readonly timeout?: Duration;
  /** Failed polls in a row until it is suspended; 0 for never. @default DEFAULT_POLL_OPTIONS.suspendAfter */
  readonly suspendAfter?: number;
  /** Told of every failed poll: a function, or the name of a method of the class. @default nobody */
  readonly onError?: E;
}

/** The defaults of {@link TriggerOptions}. */
export const DEFAULT_POLL_OPTIONS = {
  ...DEFAULT_TRIGGER_OPTIONS,
  pollInterval: '1m',
  allowConcurrent: false,
  timeout: '30s',
  suspendAfter: 20,
} as const satisfies Partial<TriggerOptions>;
